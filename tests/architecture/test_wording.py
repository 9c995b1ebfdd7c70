"""Everything said to people can be said in English, with the same parameters, and nothing is stale."""

import pytest

from app.web.render import translated
from tests.architecture.wording import (
    VIETNAMESE,
    as_entry,
    bare_text,
    catalogue,
    missing,
    parameters,
    spoken,
    unused,
)

# Words of the law and of the house that stay as they are in English sentences.
KEPT = ("26/2026/QĐ-TTg", "1268/QĐ-UBND", "KT. CHỦ TỊCH", "Lai Châu")


def test_every_sentence_has_its_english() -> None:
    lacking = missing()
    entries = "\n".join(as_entry(sentence, places) for sentence, places in lacking.items())
    assert not lacking, f"add to app/web/catalogues/en.po:\n\n{entries}"


def test_the_catalogue_holds_nothing_that_nobody_says() -> None:
    stale = unused()
    assert not stale, "remove from app/web/catalogues/en.po:\n" + "\n".join(stale)


def test_a_translation_takes_the_same_parameters() -> None:
    wrong = [
        message.id
        for message in catalogue()
        if message.id and parameters(str(message.id)) != parameters(str(message.string))
    ]
    assert not wrong, wrong


def test_no_translation_is_uncertain_or_still_vietnamese() -> None:
    for message in catalogue():
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        said = str(message.string)
        for kept in KEPT:
            said = said.replace(kept, "")
        assert not VIETNAMESE.search(said), said


def test_no_sentence_is_put_together_where_no_catalogue_can_follow() -> None:
    assert not spoken().untranslatable, "\n".join(spoken().untranslatable)


def test_templates_say_nothing_outside_the_catalogue() -> None:
    assert not bare_text(), "\n".join(bare_text())


@pytest.mark.parametrize(
    ("template", "params", "said"),
    [
        ("Dài quá {max_length} ký tự.", {"max_length": 5}, "Longer than 5 characters."),
        (
            "Phiếu đang ở trạng thái «{state}», không thực hiện được việc này.",
            {"state": "Đã nộp"},
            "The sheet is in the state “Submitted”; this cannot be done.",
        ),
        ("Một câu không ai dịch.", {}, "Một câu không ai dịch."),
        ("", {}, ""),
    ],
)
def test_sentences_and_the_words_in_them_are_translated(
    template: str, params: dict[str, object], said: str
) -> None:
    assert translated("en", template, params) == said
