"""OCOP Lai Châu: from a product's dossier to the stamp a buyer scans."""
