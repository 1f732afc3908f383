"""A rival on the folds of a table, all its settings the default.

    rival_tables.py MODULE TASK TABLE.csv.gz OUT-OF-FOLD.csv LABEL [IGNORED...]

MODULE is sklearn, whose MLPClassifier or MLPRegressor is used, xgboost or
lightgbm; TASK is class or number. The folds are those of the
rows of OUT-OF-FOLD.csv, which mlp_train --folds has written. Prints a line of
JSON: the score of each fold (accuracy; R2 for numbers), the seconds of
training and prediction, and the version.
"""
import importlib
import json
import sys
import time
import warnings

import numpy
import pandas

warnings.filterwarnings("ignore")


def read_table(path, folds_path, label, ignored):
    """Features, label, and the fold of each row, of the rows in folds."""
    folds = pandas.read_csv(folds_path, usecols=["row", "fold"])
    folds = folds.sort_values("row")
    table = pandas.read_csv(path).drop(columns=ignored)
    table = table.iloc[folds["row"]].reset_index(drop=True)
    return table.drop(columns=[label]), table[label], folds["fold"].to_numpy()


def texts_of(features):
    return [name for name in features
            if not pandas.api.types.is_numeric_dtype(features[name])]


def network(features, is_number):
    """Gaps by the median and a column of their own, as for ours; both need
    scaled features, and targets near 0."""
    from sklearn.compose import (TransformedTargetRegressor,
                                 make_column_transformer)
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    texts = texts_of(features)
    numbers = [name for name in features if name not in texts]
    encoded = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True),
                       StandardScaler()), numbers),
        (make_pipeline(SimpleImputer(strategy="constant", fill_value="?"),
                       OneHotEncoder(handle_unknown="ignore",
                                     sparse_output=False)), texts))
    if not is_number:
        return make_pipeline(encoded, MLPClassifier(random_state=1))
    return TransformedTargetRegressor(
        make_pipeline(encoded, MLPRegressor(random_state=1)),
        transformer=StandardScaler())


def trees(name, is_number):
    if name == "xgboost":
        import xgboost
        kind = xgboost.XGBRegressor if is_number else xgboost.XGBClassifier
        return kind(enable_categorical=True, n_jobs=1)
    import lightgbm
    kind = lightgbm.LGBMRegressor if is_number else lightgbm.LGBMClassifier
    return kind(verbose=-1, n_jobs=1)


def prepare(name, features):
    """Trees take gaps and categories as they are."""
    features = features.copy()
    for column in texts_of(features):
        features[column] = features[column].astype(
            object if name == "sklearn" else "category")
    if name != "sklearn":  # some names are not accepted
        features.columns = [f"f{i}" for i in range(features.shape[1])]
    return features


def score(truth, predicted, is_number):
    if not is_number:
        return float(numpy.mean(truth == predicted))
    apart = truth - truth.mean()
    return float(1 - numpy.sum((truth - predicted) ** 2) / apart.dot(apart))


def main():
    name, task, path, folds_path, label, *ignored = sys.argv[1:]
    features, target, folds = read_table(path, folds_path, label, ignored)
    is_number = task == "number"
    target = (target.to_numpy(float) if is_number
              else pandas.factorize(target, sort=True)[0])
    prepared = prepare(name, features)
    scores, seconds = [], 0.0
    for fold in sorted(set(folds)):
        rest, held_out = folds != fold, folds == fold
        begin = time.monotonic()
        model = (network(prepared, is_number) if name == "sklearn"
                 else trees(name, is_number))
        model.fit(prepared[rest], target[rest])
        predicted = model.predict(prepared[held_out])
        seconds += time.monotonic() - begin
        scores.append(score(target[held_out], predicted, is_number))
    print(json.dumps({"scores": scores, "seconds": seconds,
                      "version": importlib.import_module(name).__version__}))


main()
