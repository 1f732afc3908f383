"""Networks from files, and what they say about themselves."""
import copy
import pickle
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import mlp


@pytest.fixture
def classifier(rows):
    return mlp.MLPClassifier(hidden=(8,), epochs=4, validation=0.2).fit(*rows)


def test_a_saved_network_loads_with_its_history(classifier, rows, tmp_path):
    classifier.network_.save(tmp_path / "net.h5")
    network = mlp.load(tmp_path / "net.h5")
    assert network.widths == (2, 8, 3)
    assert network.class_names == ["0", "1", "2"]
    assert network.parameters == 2 * 8 + 8 + 8 * 3 + 3
    assert network.epochs == 4
    assert list(network.history.columns) == [
        "epoch", "step", "learning_rate", "seconds", "train_loss",
        "train_accuracy", "validation_loss", "validation_accuracy"]
    assert list(network.history["epoch"]) == [1, 2, 3, 4]
    np.testing.assert_array_equal(
        network.predict_proba(rows[0]), classifier.predict_proba(rows[0]))
    np.testing.assert_array_equal(
        network.predict(rows[0]).astype(int), classifier.predict(rows[0]))


def test_a_network_of_numbers(rows):
    X, _ = rows
    network = mlp.MLPRegressor(hidden=(8,), epochs=2).fit(X, X[:, 0]).network_
    assert network.is_regression and network.class_names is None
    assert "train_r2" in network.history
    assert network.predict(X).dtype == np.float64
    with pytest.raises(ValueError, match="probabilities"):
        network.predict_proba(X)


def test_a_page_for_notebooks_is_well_formed(classifier):
    page = classifier.network_._repr_html_()
    root = ElementTree.fromstring(f"<div>{page}</div>")
    text = "".join(root.itertext())
    assert classifier.network_.weights_sha256 in text
    assert "2 - 8 - 3" in text
    assert len(root.findall(".//polyline")) == 2


def test_names_of_classes_are_escaped_in_the_page(rows):
    X, y = rows
    names = np.array(["<b>", "&", "c"])[y]
    network = mlp.MLPClassifier(hidden=(4,), epochs=1).fit(X, names).network_
    assert "<b>" not in network._repr_html_()


def test_rows_run_with_the_same_bits_alone_and_together(classifier, rows):
    X = rows[0]
    network = classifier.network_
    alone = np.vstack([network.run(X[i:i + 1]) for i in range(len(X))])
    np.testing.assert_array_equal(network.run(X), alone)


def test_run_reads_read_only_rows_and_refuses_other_layouts(classifier, rows):
    X = rows[0].copy()
    expected = classifier.network_.run(X)
    X.flags.writeable = False
    np.testing.assert_array_equal(classifier.network_.run(X), expected)
    for wrong in (X[:, ::-1], X[0], X.astype(np.float64), X[:, :1].copy()):
        with pytest.raises(ValueError):
            classifier.network_.run(wrong)


def test_copies_are_the_network_itself_and_pickles_equal_it(classifier):
    network = classifier.network_
    assert copy.deepcopy(network) is network
    assert (pickle.loads(pickle.dumps(network)).weights_sha256
            == network.weights_sha256)


def test_files_that_are_no_networks_are_refused(tmp_path):
    (tmp_path / "text.h5").write_text("no checkpoint")
    with pytest.raises(ValueError, match="text.h5"):
        mlp.load(tmp_path / "text.h5")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        mlp.load(tmp_path / "nowhere")
    with pytest.raises(ValueError):
        mlp.Network.from_bytes(b"no checkpoint")


def test_a_training_that_diverges_says_so(rows):
    X, y = rows
    wild = mlp.MLPRegressor(optimizer="sgd", lr=1e18, epochs=20)
    with pytest.raises(mlp.DivergedError):
        wild.fit(X, X[:, 0])


def test_messages_name_parameters_and_not_options(rows):
    with pytest.raises(ValueError, match="^weight_decay: -1"):
        mlp.MLPClassifier(optimizer="adamw", weight_decay=-1).fit(*rows)
