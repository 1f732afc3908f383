"""Lines of the table, flops, truncated files and scores of tables, against
values by hand."""
import pathlib
import tempfile

import measures
import mnist
import tables
from lines import HEAD, Line, row_of


def a_line_has_the_ratios_and_how_far_the_same_was_apart():
    times = iter([4.0, 2.0, 6.0, 2.0, 4.0, 1.0])
    line = Line("a over b").in_turns(3, lambda: next(times),
                                     lambda: next(times))
    assert line.values == [2.0, 3.0, 4.0] and line.median() == 3.0
    # 6/4 and 6/4 of the first, 2/2 and 2/1 of the second: both 1.5
    assert line.same_over_same() == 1.5
    assert Line("once", values=[2.0]).same_over_same() is None
    assert row_of(line).count("|") == HEAD.splitlines()[0].count("|")


def targets_are_for_median_and_worst():
    def met(values, **asked):
        return Line("x", values=values, **asked).is_met()

    assert met([0.8, 0.9, 1.0], asked=0.9, asked_worst=0.8)
    assert not met([0.7, 0.9, 1.0], asked=0.9, asked_worst=0.8)
    assert not met([0.8, 0.8, 1.0], asked=0.9, asked_worst=0.8)
    assert met([1.0, 1.1, 3.0], asked=1.1, at_most=True)
    assert met([1.0], asked=None) is None


def flops_of_a_row_by_hand():
    # 3-2-1: forward 8 multiply-adds, gradient 8, backward 2
    assert measures.row_flops([3, 2, 1]) == 36
    # with one input that is not zero: 4 fewer twice
    assert measures.row_flops([3, 2, 1], 1) == 20


def a_file_is_cut_to_its_first_rows():
    head = bytes([0, 0, 8, 3, *(0, 0, 0, 2), *(0, 0, 0, 1), *(0, 0, 0, 3)])
    data = head + bytes([0, 7, 0, 1, 2, 0])
    cut = mnist.first_rows(data, 1)
    assert mnist.extents(cut) == [1, 1, 3]
    assert mnist.values(cut) == bytes([0, 7, 0])
    with tempfile.TemporaryDirectory() as place:
        (pathlib.Path(place) / mnist.TRAIN_IMAGES).write_bytes(data)
        assert mnist.nonzero_pixels(place) == 1.5


def scores_of_folds_and_the_lead_over_guessing():
    # guessed by the other fold: "b" in the first, "a" in the second
    rows = [(1, "a", "a"), (1, "a", "b"), (2, "b", "b"), (2, "b", "b")]
    scores, ahead = tables.evaluate(rows, False)
    assert scores == [0.5, 1.0]
    # differences 1, 0, 1, 1: mean 3/4, deviation 1/2, error 1/4
    assert abs(ahead - 3) < 1e-12
    scores, _ = tables.evaluate([(1, 0.0, 1.0), (1, 2.0, 2.0),
                                 (2, 1.0, 1.0), (2, 3.0, 3.0)], True)
    assert scores == [0.5, 1.0]
    assert tables.ranks({"a": 3, "b": 1, "c": 3}) == {"a": 1.5, "b": 3,
                                                      "c": 1.5}


a_line_has_the_ratios_and_how_far_the_same_was_apart()
targets_are_for_median_and_worst()
flops_of_a_row_by_hand()
a_file_is_cut_to_its_first_rows()
scores_of_folds_and_the_lead_over_guessing()
