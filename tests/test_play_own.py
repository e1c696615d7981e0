"""One's own data as people save them: read as they are, or refused in one short sentence with the line and the cure."""

import os
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from nbcore import MLP, Tensor, bce, mse, train
from nbcore.play import Run, Settings, own_csv, own_data
from nbcore.play.own import MISSING
from nbcore.play.table import LONGEST_QUOTE, MOST_BYTES, decoded, read_table

GOOD = "height,name\n1.5,Müller\n2.5,Möller\n3.5,Maier\n" * 1 + "4.5,Müller\n5.5,Möller\n6.5,Maier\n"


def refused(source, *words, kind=None):
    """One sentence, short, with these words; the message."""
    with pytest.raises((ValueError, TypeError)) as caught:
        own_csv(source, kind)
    said = str(caught.value)
    assert all(word in said for word in words), said
    assert len(said) < 260, said
    return said


# ---- Encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_read_rightly_by_path_and_as_bytes(tmp_path, encoding):
    path = tmp_path / "names.csv"
    path.write_bytes(GOOD.encode(encoding))
    for source in (path, str(path), path.read_bytes(), memoryview(path.read_bytes())):
        own = own_csv(source)
        assert own.classes == ("Maier", "Möller", "Müller")
        assert own.inputs == ("height",)
        assert own.fingerprint == own_csv(GOOD).fingerprint


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp1250", "cp850", "mac-roman"])
def test_an_old_code_page_is_refused_by_its_line_and_never_merges_classes(tmp_path, encoding):
    path = tmp_path / "names.csv"
    path.write_bytes(GOOD.encode(encoding))
    for source in (path, path.read_bytes()):
        refused(source, "line 2 of the CSV is not saved as UTF-8", "save the file again as 'CSV UTF-8'")


def test_bytes_that_are_no_text_are_refused():
    refused(b"PK\x03\x04\x00\x00", "holds a NUL character", "save it as a CSV")
    refused("a,b\n1,x\n2,\0\n", "line 3 of the CSV holds a NUL")
    refused(GOOD.encode("utf-16-le"), "line 2 of the CSV is not saved as UTF-8")  # without its mark nobody can know
    refused(b"\xff\xfeabc", "begins as UTF-16", "CSV UTF-8")
    with pytest.raises(TypeError, match="source must be a path, or the text or bytes of a CSV, got int"):
        own_csv(3)


# ---- Files that are none, or too large


def test_a_device_or_a_pipe_is_no_file(tmp_path):
    """Its size says nothing, and it may never end."""
    refused(tmp_path, "it is no file")
    if os.name != "nt":
        refused("/dev/zero", "it is no file")
        pipe = tmp_path / "pipe.csv"
        os.mkfifo(pipe)
        done = threading.Thread(target=refused, args=(pipe, "it is no file"), daemon=True)
        done.start()
        done.join(60)
        assert not done.is_alive()
    refused(tmp_path / "none.csv", "'none.csv' can't be read as a CSV")
    refused("a\0b.csv", "can't be read as a CSV")


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(40 * MOST_BYTES)
    tracemalloc.start()
    refused(path, "'large.csv' must be at most 5 MB")
    assert tracemalloc.get_traced_memory()[1] < 4 * MOST_BYTES
    tracemalloc.stop()
    refused(b"1" * (MOST_BYTES + 1), "at most 5 MB")
    refused("1,2\n" * (MOST_BYTES // 4 + 1), "at most 5 MB")


# ---- Quotes


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("row", ['1.5,2,"a', '1.5,"2,a', '"1.5,2,a', '1.5,2,"a""', '1.5,2,"'])
@pytest.mark.parametrize("at", [1, 5000, 9999])
def test_a_quote_that_is_never_closed_is_named_by_its_line(mark, row, at):
    rows = ["1.5,2,a", "1.5,3,b"] * 5000
    rows[at - 1] = row
    text = "\n".join(["p,q,r", *rows]).replace(",", mark)
    tracemalloc.start()
    said = refused(text, f"line {at + 1} of the CSV")
    assert tracemalloc.get_traced_memory()[1] < 60 * len(text)
    tracemalloc.stop()
    assert "quote" in said


def test_a_quote_that_a_later_one_seems_to_close_is_named_where_it_opens():
    rows = ["1,2,a"] * 9
    rows[2], rows[4] = '1,2,"a', '1,2,"b"'
    refused("\n".join(rows), "line 3 of the CSV has a quote that closes before 'b\"'", "written twice")
    refused('1,2,"a"b\n1,2,c\n', "line 1", "a cell is quoted as a whole")


def test_quotes_are_read_as_spreadsheets_write_them():
    text = (
        '"a, b","c ""d""",k\n"1", "2" , "x"\n2,3,"good\nnews"\r\n3,4,"x"\n4,5,"good\nnews"\n5,6,5" pipe\n6,7,5" pipe\n'
    )
    own = own_csv(text)
    assert own.inputs == ("a, b", 'c "d"')
    assert own.classes == ('5" pipe', "good\nnews", "x")  # a line break in a cell keeps the words apart
    assert own.X[:, 1].tolist() == [2, 3, 4, 5, 6, 7]
    refused('1,"a\nb",c\n', "holds 'a\\nb' where a finite number is needed")
    long = '1,"' + "x" * LONGEST_QUOTE + '"\n2,b\n'
    refused(long, "line 1 of the CSV opens a quote that is never closed")


# ---- Lines


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85"])
def test_only_what_editors_end_a_line_with_ends_a_row(mark):
    own = own_csv(f"1,a{mark}b\n2,c\n3,a{mark}b\n4,c\n")
    assert own.classes == (f"a{mark}b", "c")
    assert len(own.X) == 4


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_system_s_line_ends_are_read(end):
    assert own_csv(GOOD.replace("\n", end)).fingerprint == own_csv(GOOD).fingerprint
    refused(GOOD.replace("2.5", "x").replace("\n", end), "line 3 of the CSV holds 'x'")


def test_empty_rows_are_left_out_and_lines_still_counted():
    assert len(own_csv("1,a\n\n2,b\n,\n3,a\n4,b\n\n").X) == 4
    refused("1,a\n\n2,b\n,\nz,a\n4,b\n", "line 5 of the CSV holds 'z'")


# ---- Separators, headers, notes


def test_columns_are_parted_by_what_parts_all_lines():
    for mark in ",;\t|":
        assert own_csv(GOOD.replace(",", mark)).fingerprint == own_csv(GOOD).fingerprint
    assert own_csv("sep=;\n" + GOOD.replace(",", ";")).fingerprint == own_csv(GOOD).fingerprint
    assert own_csv('"sep=|"\n' + GOOD.replace(",", "|")).classes == ("Maier", "Möller", "Müller")
    refused("sep=;\nh;k\n1;a\n2\n", "line 4 of the CSV has 1 column")
    refused("1 2 a\n2 3 b\n", "parted by commas, semicolons or tabs")


@pytest.mark.parametrize("first", ["5.1,?,a", "NA,NA,a", "?,?,a", "5.1,,a", "5.1,x,a", ",5.1,a"])
def test_a_row_that_is_half_numbers_is_no_header(first):
    """Taken for names, it would be a sample that is lost without a word."""
    said = refused(first + "\n1,2,a\n2,3,b\n3,4,a\n4,5,b\n", "line 1 of the CSV")
    assert "under column" in said


def test_a_header_of_names_is_one():
    assert own_csv("first,second,k\n1,2,a\n2,3,b\n3,4,a\n4,5,b\n").inputs == ("first", "second")
    assert own_csv("1,2,a\n2,3,b\n3,4,a\n4,5,b\n").inputs == ("x1", "x2")
    refused(",h,k\n0,1,a\n1,2,b\n", "gives column 1 no name", "an index that was saved along")


def test_a_note_above_the_table_is_called_so():
    said = refused(
        "measured by us, in May\n" + "h,w,k\n1,2,a\n2,3,b\n3,4,a\n4,5,b\n", "line 1 of the CSV has 2 columns"
    )
    assert "the others have 3: if it is a note ('measured by us'), take it out" in said
    refused("h,w,k\n1,2,a\n2,3\n3,4,a\n4,5,b\n", "line 3 of the CSV has 2 columns, the first has 3")


def test_far_too_many_columns_are_refused_at_once():
    refused("," * 4_000_000 + "\n1,2\n", "line 1 of the CSV has more than 10,000 columns")
    refused(",".join(["1"] * 102) + "\n" + ",".join(["2"] * 102), "at most 100 columns beside the target, got 101")


# ---- Missing values, and numbers that are none


@pytest.mark.parametrize("written", [*sorted(MISSING - {""}), "NaN", "#N/A", "#DIV/0!", "<NA>", "None", "NULL"])
def test_a_missing_value_is_refused_however_it_is_written(written):
    said = refused(f"h,w,k\n1,2,a\n2,{written},b\n3,4,a\n", "line 3 of the CSV holds", "under w", "a value is missing")
    assert "leave the row out" in said
    refused(f"h,k\n1,a\n2,{written}\n3,a\n4,b\n", "line 3 of the CSV holds", "as target", "a value is missing")
    refused(f"h,k\n1,1\n2,{written}\n3,0\n4,1\n", "line 3 of the CSV holds", "as target", "a value is missing")
    own = own_csv(f"h,k\n1,a\n2,{written}\n3,a\n4,{written}\n", kind="classes")
    assert len(own.classes) == 2


@pytest.mark.parametrize(
    ("written", "cure"),
    [
        ("1,5", "decimals need a point"),
        ("1.234,5", "without marks between the thousands"),
        ("1 234", "without marks between the thousands"),
        ("12 %", "without the %"),
        ("−5", "its minus is not that of the keyboard"),
        ("TRUE", "write 1 and 0"),
        ("inf", "a number must be finite"),
        ("1_000", ""),
        ("٣", ""),
        ("0x1F", ""),
        ("5 kg", ""),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_with_a_cure(written, cure):
    refused(f"h;w;k\n1;2;a\n2;{written};b\n3;4;a\n", f"line 3 of the CSV holds {written!r}", "number", cure)


# ---- Targets


def test_what_targets_are_can_be_chosen():
    counts = "h,k\n" + "".join(f"{x},{y}\n" for x, y in enumerate([0, 1, 0, 1, 2, 1, 0, 7]))
    refused(counts, "each class needs at least 2 samples, 2 has only 1", "kind='regression'")
    assert own_csv(counts, kind="regression").kind == "regression"
    refused("h,k\n1,a\n2,b\n3,a\n4,b\n", "must hold numbers for regression, got a", kind="regression")
    assert own_csv("h,k\n1,1\n2,1.0\n3,2\n4,2\n", kind="classes").classes == ("1", "2")
    with pytest.raises(ValueError, match="kind must be 'classes' or 'regression', got 'numbers'"):
        own_csv(GOOD, kind="numbers")


# ---- Arrays, frames, masks


class Series:
    """What NumPy sees of a pandas series or frame."""

    def __init__(self, values, columns=None):
        self.values = values
        if columns is not None:
            self.columns = columns

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


class NAType:
    def __ne__(self, other):
        return self

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")


def test_numbers_in_an_object_array_are_numbers():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(8, 2)), rng.normal(size=8)
    plain = own_data(X, y)
    assert own_data(X.astype(object), y.astype(object)).fingerprint == plain.fingerprint
    mixed = X.astype(object)
    mixed[:, 1] = [True, False] * 4
    assert own_data(mixed, y).X[:, 1].tolist() == [1, 0] * 4
    assert own_data(X, np.array([1, 0, 1.0, 0, True, False, 1, 0], dtype=object)).classes == ("0", "1")
    assert own_data(X, np.array([True, False] * 4, dtype=object)).classes == ("False", "True")
    assert own_data(X, np.array([10, 20] * 4, dtype=object), kind="regression").kind == "regression"


def test_frames_and_series_keep_their_names():
    frame = Series([[1, 2.5], [2, 3.5], [3, 4.5], [4, 5.5]], columns=["height", 7])
    own = own_data(frame, Series(["a", "b", "a", "b"]))
    assert (own.inputs, own.classes) == (("height", "7"), ("a", "b"))
    assert own_data(frame, Series(["a", "b", "a", "b"]), inputs=["p", "q"]).inputs == ("p", "q")


@pytest.mark.parametrize("gone", [None, float("nan"), np.nan, NAType()])
def test_a_missing_label_is_refused(gone):
    y = np.array(["a", "b", "a", gone], dtype=object)
    for kind in (None, "classes"):
        with pytest.raises(ValueError, match=r"y must not miss values, got '.*' at \[3\]"):
            own_data(np.zeros((4, 1)), y, kind)


def test_masks_are_refused_everywhere():
    """Below a mask stands a number that nobody means, such as -999."""
    X = np.ma.masked_equal(np.array([[1.0, -999], [2, 3], [4, 5], [6, 7]]), -999)
    Y = np.ma.masked_equal(np.array([[1.0], [-999], [0], [1]]), -999)
    net, fine = MLP([2, 3, 1]), np.zeros((4, 2))
    for use in (
        lambda: own_data(X, [0, 1, 0, 1]),
        lambda: own_data(fine, Y[:, 0]),
        lambda: net.forward(X),
        lambda: train(net, X, np.zeros((4, 1)), bce, eta=1, steps=1),
        lambda: train(net, fine, Y, bce, eta=1, steps=1),
        lambda: mse(Y, np.zeros((4, 1))),
        lambda: mse(np.zeros((4, 1)), Y),
        lambda: Tensor(X),
    ):
        with pytest.raises(ValueError, match="must not have masked entries"):
            use()
    assert own_data(np.ma.array(fine + np.arange(4)[:, None]), [0, 1, 0, 1]).X.shape == (4, 2)  # a mask of nothing


def test_numbers_that_are_too_large_are_refused_in_words():
    for X in ([[10**400]] * 4, np.full((4, 1), 1e60), np.full((4, 1), 10**400, dtype=object)):
        with pytest.raises((ValueError, TypeError), match=r"X must (not hold numbers beyond 1e50|hold real numbers)"):
            own_data(X, [0, 1, 0, 1])


# ---- Anything at all

ALPHABET = st.sampled_from(list('01.5,;\t|" \n\r-a?$%é猫\0\u2028\ufeff')) | st.characters()


@how(max_examples=400, deadline=None, derandomize=True)
@given(st.text(ALPHABET, max_size=200) | st.binary(max_size=200), st.sampled_from([None, "classes", "regression"]))
def test_any_text_is_read_or_refused_in_words(given, kind):
    """No exception but ours; and what is read has lost no row."""
    source = given if isinstance(given, bytes) else given + "\n"
    own, said = None, ""
    try:
        own = own_csv(source, kind)
    except (ValueError, TypeError) as error:
        said = str(error)
    if own is None:
        assert 10 < len(said) < 400
    else:
        assert len(own.X) in (len(read_table(source)), len(read_table(source)) - 1)


@how(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.floats(-1e6, 1e6), st.sampled_from(['a "b"', "c, d", "e; f\ng", " h", "猫", "it's"])),
        min_size=12,
        max_size=30,
    ),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_csv_writes_is_read_back(rows, mark, encoding):
    """Python's own writer, whatever has to be quoted."""
    import csv
    import io

    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=mark)
    writer.writerow(['first, or "x"', "k"])
    writer.writerows([(repr(x), word) for x, word in rows])
    table = read_table(file.getvalue().encode(encoding))
    assert [cells for _, cells in table[1:]] == [[repr(x), word.strip()] for x, word in rows]


def test_decoded_takes_what_own_csv_takes():
    assert decoded(Path(__file__).read_bytes()).startswith('"""One')


# ---- Numbers to fit that are large


def houses():
    """Prices around 300,000, from rooms and square meters."""
    rng = np.random.default_rng(0)
    X = np.stack([rng.integers(1, 8, 120), rng.uniform(30, 200, 120), rng.uniform(0, 40, 120)], axis=1)
    return own_data(
        X, 300_000 + 2_000 * (X[:, 1] - 100) + 10_000 * X[:, 0] - 1_000 * X[:, 2] + rng.normal(0, 3000, 120)
    )


def test_large_targets_get_a_word_and_are_learned_when_standardized():
    own = houses()
    plain = Run(Settings(data="own"), own)
    assert "The inputs reach" in plain.unscaled
    assert "and the targets 5" in plain.unscaled
    assert plain.unscaled.endswith("standardize them.")
    errors = []
    for seed in range(20):
        run = Run(Settings(data="own", standardize=True, seed=seed), own)
        assert run.unscaled == ""
        run.advance(1000)
        errors.append(run.numbers().score_test)
    guess = np.std(own.y)
    assert np.median(errors) < guess / 5
    assert max(errors) < guess / 2


def test_what_is_shown_is_in_the_targets_own_units():
    own = houses()
    run = Run(Settings(data="own", standardize=True), own)
    run.advance(500)
    p, n = run.problem, run.numbers()
    assert np.abs(p.Y.mean()) < 1e-12
    np.testing.assert_allclose(np.sort(np.concatenate([p.wanted, p.wanted_test])[:, 0]), np.sort(own.y), rtol=1e-12)
    assert n.score == pytest.approx(np.sqrt(np.mean((n.outputs - p.wanted) ** 2)), rel=1e-9)
    assert n.score_test == pytest.approx(np.sqrt(np.mean((n.outputs_test - p.wanted_test) ** 2)), rel=1e-9)
    assert 150_000 < n.outputs.mean() < 450_000
    assert n.loss == pytest.approx((n.score / p.unit) ** 2 / 2, rel=1e-9)  # the loss is that of what is trained on


def test_the_code_of_standardized_targets_leads_to_the_same_weights():
    own = houses()
    run = Run(Settings(data="own", standardize=True), own)
    run.advance(30)
    there = {"own": own}
    exec(run.code(), there)
    assert all(map(np.array_equal, there["net"].parameters(), run.net.parameters()))


def test_constant_targets_are_left_as_they_are():
    own = own_data(np.arange(8.0)[:, None], np.full(8, 5.5))
    run = Run(Settings(data="own", standardize=True), own)
    assert run.problem.unit == 1
    assert np.all(run.problem.wanted == 5.5)
