"""The forms of Annex III (Mẫu số 01, 02, 03) and the electronic set they head."""
