"""The estimators among scikit-learn's own tools."""
import pickle

import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from mlp import MLPClassifier, MLPRegressor


def small(**parameters):
    return MLPClassifier(hidden=(16,), epochs=60, batch=32, **parameters)


# Minibatches are of other rows when some are repeated or left out: what
# scikit-learn expects of its own estimators that draw rows, such as
# SGDClassifier and MiniBatchKMeans.
BY_BATCHES = {f"check_sample_weight_equivalence_on_{kind}_data":
              "sample_weight is not equivalent to removing or repeating rows"
              for kind in ("dense", "sparse")}


@pytest.mark.parametrize("estimator", [MLPClassifier(), MLPRegressor()])
def test_scikit_learns_checks_pass(estimator):
    results = check_estimator(estimator, on_fail=None, on_skip=None,
                              expected_failed_checks=BY_BATCHES)
    bad = [(r["check_name"], r["exception"]) for r in results
           if r["status"] not in ("passed", "skipped", "xfail")]
    counts = {status: sum(r["status"] == status for r in results)
              for status in ("passed", "skipped", "failed", "xfail")}
    print(type(estimator).__name__, counts)
    assert bad == []
    assert counts["passed"] > 40


def test_pipeline_and_grid_search_in_two_processes():
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), small())
    search = GridSearchCV(pipeline, {"mlpclassifier__lr": [1e-5, 1e-2]},
                          n_jobs=2, cv=3).fit(X, y)
    assert search.best_params_ == {"mlpclassifier__lr": 1e-2}
    assert search.best_score_ > 0.9


def test_cross_validation_and_permutation_importance():
    X, y = load_iris(return_X_y=True)
    assert cross_val_score(small(lr=0.01), X, y, cv=3).mean() > 0.9
    noise = np.random.default_rng(0).normal(size=(len(X), 1))
    X = np.hstack([X, noise])
    found = permutation_importance(small(lr=0.01).fit(X, y), X, y,
                                   n_repeats=3, random_state=0)
    assert found.importances_mean.argmax() in (2, 3)
    assert abs(found.importances_mean[4]) < 0.1


def test_calibration():
    X, y = load_iris(return_X_y=True)
    calibrated = CalibratedClassifierCV(small(lr=0.01), cv=3).fit(X, y)
    assert calibrated.score(X, y) > 0.9


def test_a_pickle_predicts_the_same_and_goes_on_the_same(rows):
    X, y = rows
    classifier = small().fit(X, y)
    copy = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(copy.predict_proba(X),
                                  classifier.predict_proba(X))
    assert (copy.partial_fit(X, y).network_.weights_sha256
            == classifier.partial_fit(X, y).network_.weights_sha256)


def test_a_clone_is_not_fitted_and_trains_to_the_same(rows):
    classifier = small().fit(*rows)
    copy = clone(classifier)
    assert not hasattr(copy, "network_")
    assert (copy.fit(*rows).network_.weights_sha256
            == classifier.network_.weights_sha256)


def test_partial_fits_are_epochs_at_a_constant_rate(rows):
    X, y = rows
    whole = small(schedule="constant", lr=0.01).set_params(epochs=3).fit(X, y)
    parts = small(schedule="linear", lr=0.01)
    for _ in range(3):
        parts.partial_fit(X, y, classes=[0, 1, 2])
    assert parts.n_iter_ == 3
    assert set(parts.history_["learning_rate"]) == {0.01}
    assert (parts.network_.weights_sha256
            == whole.network_.weights_sha256)


def test_partial_fit_needs_classes_first(rows):
    with pytest.raises(ValueError, match="classes is required"):
        small().partial_fit(*rows)
    with pytest.raises(ValueError, match="not in classes"):
        small().partial_fit(*rows, classes=[0, 1])


@pytest.mark.parametrize("names", [
    ["blue", "green", "red"], ["10", "9", "x"], ["-1", "0", "\u00e9"],
    [-1.0, 0.0, 20.0], [-3, 7, 10], [False, True, True]])
def test_any_classes_are_predicted_by_their_names(rows, names):
    X, y = rows
    labels = np.array(names)[y]
    classifier = small(lr=0.01).fit(X, labels)
    np.testing.assert_array_equal(classifier.classes_, np.unique(labels))
    assert classifier.predict(X).dtype == labels.dtype
    assert (classifier.predict(X) == labels).mean() > 0.85
    assert sorted(classifier.network_.class_names) == sorted(
        map(str, np.unique(labels).tolist()))


def test_probabilities_sum_to_1_in_double(rows):
    probabilities = small().fit(*rows).predict_proba(rows[0])
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=0,
                               atol=1e-15)


def test_a_single_output_gives_both_probabilities(rows):
    X, y = rows
    classifier = small(lr=0.01, output_activation="sigmoid",
                       loss="binary-cross-entropy", options={"binary": True})
    classifier.fit(X, y > 0)
    assert classifier.network_.widths[-1] == 1
    assert classifier.predict_proba(X).shape == (300, 2)
    assert classifier.score(X, y > 0) > 0.85


def test_weights_of_rows_count(rows):
    X, y = rows
    plain = small(lr=0.01).fit(X, y, sample_weight=None)
    ones = small(lr=0.01).fit(X, y, sample_weight=np.full(len(y), 2.0))
    assert ones.network_.weights_sha256 == plain.network_.weights_sha256
    # rows with wrong labels that count nothing
    wrong = np.random.default_rng(1).random(len(y)) < 0.4
    spoiled = np.where(wrong, np.roll(np.unique(y), 1)[
        np.searchsorted(np.unique(y), y)], y)
    weights = np.where(wrong, 0.0, 1.0)
    found = small(lr=0.01).fit(X, spoiled, weights)
    assert found.score(X, y) > small(lr=0.01).fit(X, spoiled).score(X, y)
    assert found.score(X, spoiled, weights) == pytest.approx(
        found.score(X[~wrong], y[~wrong]))
    last = found.history_.iloc[-1]
    assert 0.8 < last["train_accuracy"] <= 1.0
    with pytest.raises(ValueError, match="sample_weight"):
        small().fit(X, y, sample_weight=-np.ones(len(y)))
    with pytest.raises(ValueError, match="weight"):
        small().fit(X, y, sample_weight=np.zeros(len(y)))


def test_weights_of_rows_of_a_regression(rows):
    X = rows[0]
    y = X[:, 0] - 2 * X[:, 1]
    weights = np.arange(len(y)) % 3
    options = dict(hidden=(8,), epochs=40, batch=len(y) * 3, shards=1, lr=0.01,
                   options={"shuffle": False})
    weighted = MLPRegressor(**options).fit(X, y, weights)
    repeated = MLPRegressor(**options).fit(np.repeat(X, weights, axis=0),
                                           np.repeat(y, weights))
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X),
                               atol=1e-3)
    partial = MLPRegressor(**options).partial_fit(X, y, sample_weight=weights)
    assert partial.network_.steps == 1


@pytest.mark.parametrize("name", ["8", "9", "10"])
def test_weights_of_classes_are_by_label(rows, name):
    X = np.random.default_rng(0).normal(size=(300, 2))  # which tell nothing
    names = np.array(["10", "9", "8"])[rows[1]]  # as texts in another order
    heavy = small(lr=0.01, class_weight={name: 1000}).fit(X, names)
    assert (heavy.predict(X) == name).mean() > 0.95
    with pytest.raises(ValueError, match="no such classes"):
        small(class_weight={"nine": 1000}).fit(X, names)


def test_an_evaluation_set_validates_and_stops_early(rows):
    X, y = rows
    order = np.random.default_rng(0).permutation(len(y))
    X, y = X[order], y[order]
    classifier = small(lr=0.01, patience=2).set_params(epochs=200)
    classifier.fit(X[:200], y[:200], eval_set=(X[200:], y[200:]))
    held = small(lr=0.01, patience=2, validation=1 / 3).set_params(epochs=200)
    assert classifier.n_iter_ < 200
    assert "validation_loss" in classifier.history_
    assert (classifier.network_.weights_sha256
            == held.fit(X, y).network_.weights_sha256)


def test_sparse_rows_train_to_the_same_weights():
    X, y = load_digits(return_X_y=True)
    dense = small(scaling="common").fit(X, y)
    sparse = small().fit(scipy.sparse.csr_array(X), y)
    assert dense.network_.weights_sha256 == sparse.network_.weights_sha256
    np.testing.assert_array_equal(sparse.predict(scipy.sparse.coo_array(X)),
                                  dense.predict(X))


def test_data_frames_keep_their_names():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    regressor = MLPRegressor(hidden=(32,), lr=0.01).fit(X, y)
    assert list(regressor.feature_names_in_) == list(X.columns)
    assert regressor.score(X, y) > 0.4


def test_numbers_beyond_float32_are_refused(rows):
    X, y = rows
    with pytest.raises(ValueError, match="too large"):
        small().fit(X.astype(np.float64) * 1e300, y)
    with pytest.raises(ValueError, match="too large"):
        MLPRegressor().fit(X, y * 1e300)


def test_options_of_mlp_train_are_checked_by_the_library(rows):
    with pytest.raises(ValueError, match="relux"):
        small(activation="relux").fit(*rows)
    with pytest.raises(ValueError, match="no-such"):
        small(options={"no_such": 1}).fit(*rows)
