"""Use the installed wheel: fit, predict, save, load and pickle, and compare
with mlp_train.

    try_wheel.py DIGITS DIGEST    data/digits.csv.gz, and the digest of the
                                  weights of mlp_train --data digits
"""
import pickle
import sys
import tempfile

import numpy as np

import mlp

digits, digest = sys.argv[1:]
table = np.loadtxt(digits, delimiter=",", dtype=np.uint8)
is_test = np.arange(len(table)) % 4 == 3  # as mlp_train splits them
X, y = np.ascontiguousarray(table[:, :-1]), table[:, -1]

classifier = mlp.MLPClassifier(optimizer="sgd", epochs=10, batch=128)
classifier.fit(X[~is_test], y[~is_test])
network = classifier.network_
print(network, "accuracy", classifier.score(X[is_test], y[is_test]))
assert network.weights_sha256 == digest, "other weights than mlp_train's"
assert classifier.score(X[is_test], y[is_test]) > 0.9

outputs = classifier.predict_proba(X[is_test])
np.testing.assert_allclose(outputs.sum(axis=1), 1.0, rtol=0, atol=1e-12)
np.testing.assert_array_equal(classifier.classes_[outputs.argmax(axis=1)],
                              classifier.predict(X[is_test]))

again = pickle.loads(pickle.dumps(classifier))
np.testing.assert_array_equal(again.predict_proba(X[is_test]), outputs)
assert again.network_.weights_sha256 == digest

with tempfile.NamedTemporaryFile(suffix=".h5") as file:
    network.save(file.name)
    loaded = mlp.load(file.name)
assert loaded.weights_sha256 == digest
np.testing.assert_array_equal(loaded.run(X), network.run(X))

regressor = mlp.MLPRegressor(hidden=(32,), epochs=30)
regressor.fit(X[~is_test].astype(np.float32), y[~is_test].astype(float))
print("R2", regressor.score(X[is_test].astype(np.float32), y[is_test]))
