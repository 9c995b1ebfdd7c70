"""GTINs: what is caught when one is typed, what cannot be an item's, and the addresses made of them."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.domain.products.rules import (
    DigitalLink,
    WrongDigitalLink,
    WrongGtin,
    as_printed,
    check_digit,
    gtin14,
    is_gtin,
    item_gtin,
    parse_digital_link,
)

# Invented numbers of the range 952, which GS1 keeps for examples.
HONEY, TEA = "09521234543213", "09521234543220"


def of_length(count: int) -> st.SearchStrategy[str]:
    digits = st.text("0123456789", min_size=count - 1, max_size=count - 1)
    return digits.map(lambda known: known + check_digit(known))


gtins = st.sampled_from([8, 12, 13, 14]).flatmap(of_length)


def why(typed: str) -> str:
    with pytest.raises(WrongGtin) as refused:
        item_gtin(typed)
    assert set(refused.value.fields) == {"gtin"}
    return refused.value.reason_code.removeprefix("product.gtin_")


@pytest.mark.parametrize(
    ("digits", "last"),
    # Known from the specification itself, one of each length.
    [("629104150021", "3"), ("1061414100041", "5"), ("61414112345", "2"), ("9638507", "4")],
)
def test_the_check_digit_is_that_of_the_specification(digits: str, last: str) -> None:
    assert check_digit(digits) == last


@given(gtins)
def test_every_length_becomes_the_same_fourteen_digits(number: str) -> None:
    assert gtin14(number) == number.zfill(14)
    assert is_gtin(number)
    assert gtin14(f" {number[:1]} {number[1:7]}-{number[7:]} ") == number.zfill(14)


@given(gtins, st.data())
def test_a_wrong_digit_is_caught_wherever_it_stands(number: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(number) - 1))
    digit = data.draw(st.sampled_from("0123456789"))
    assume(digit != number[place])
    wrong = number[:place] + digit + number[place + 1 :]
    assert not is_gtin(wrong)
    assert why(wrong) == "check_digit"


@given(gtins, st.data())
def test_swapped_neighbours_are_caught_unless_they_differ_by_five(
    number: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(number) - 2))
    left, right = number[place], number[place + 1]
    assume(left != right)
    swapped = number[:place] + right + left + number[place + 2 :]
    assert is_gtin(swapped) is (abs(int(left) - int(right)) == 5)


@given(st.text(max_size=40))
@example("9521234543213٣")
@example("²²²²²²²²")
def test_other_text_is_refused_and_never_a_fault(typed: str) -> None:
    try:
        found = item_gtin(typed)
    except WrongGtin:
        return
    assert found == "" or (len(found) == 14 and is_gtin(found) and found.isascii())


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("952123454321", "check_digit"),
        ("95212345432134567", "length"),
        ("95212345432I3", "characters"),
        ("2012345678903", "restricted"),
        ("0212345678909", "restricted"),
        ("0412345678903", "restricted"),
        ("9812345678902", "restricted"),
        ("20123451", "restricted"),
        ("01234565", "restricted"),
        ("19521234543210", "not_an_item"),
    ],
)
def test_what_is_no_number_of_an_item_is_told_why(typed: str, said: str) -> None:
    assert why(typed) == said


@pytest.mark.parametrize(
    "restricted", ["0", "00000000000000", *(f"{prefix:02d}" for prefix in range(20, 30))]
)
def test_numbers_that_shops_give_themselves_are_no_items(restricted: str) -> None:
    known = restricted.ljust(12, "0")[:12]
    assert why(known + check_digit(known)) == "restricted"


@pytest.mark.parametrize("printed", ["9521234543213", "96385074", "614141123452"])
def test_a_number_is_shown_as_it_is_printed(printed: str) -> None:
    assert as_printed(item_gtin(printed)) == printed


def test_nothing_typed_is_no_number() -> None:
    assert item_gtin("  ") == ""


def test_addresses_name_products_lots_and_items() -> None:
    assert parse_digital_link([HONEY]) == DigitalLink(HONEY, {})
    assert parse_digital_link([HONEY.removeprefix("0")]).gtin == HONEY
    item = parse_digital_link([HONEY, "10", "L1/2", "21", "009DD1X1PB1X9SDW"])
    assert item.serial == "009DD1X1PB1X9SDW"
    assert item.path == ("01", HONEY, "10", "L1/2", "21", "009DD1X1PB1X9SDW")
    assert parse_digital_link([HONEY, "235", "X"]).serial == ""


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [""],
        ["9521234543214"],
        ["abc"],
        [HONEY, "21"],
        [HONEY, "21", ""],
        [HONEY, "21", "A" * 21],
        [HONEY, "21", "Ô"],
        [HONEY, "21", "A", "10", "B"],
        [HONEY, "10", "A", "10", "B"],
        [HONEY, "235", "A", "21", "B"],
        [HONEY, "17", "261231"],
        [HONEY, "", ""],
    ],
)
def test_addresses_that_are_none_are_refused(parts: list[str]) -> None:
    with pytest.raises(WrongDigitalLink):
        parse_digital_link(parts)


@given(st.lists(st.text(max_size=30), max_size=8))
def test_any_address_is_read_or_refused(parts: list[str]) -> None:
    try:
        found = parse_digital_link(parts)
    except WrongDigitalLink:
        return
    assert parse_digital_link(list(found.path[1:])) == found
