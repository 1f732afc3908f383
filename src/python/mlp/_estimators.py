"""Estimators with scikit-learn's conventions."""
from __future__ import annotations

import numpy as np
import scipy.sparse
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (_check_sample_weight, check_is_fitted,
                                      column_or_1d, validate_data)

from ._classes import Classes
from ._options import for_partial_fit, options_of
from ._samples import Samples, as_rows
from ._train import train

_PARAMETERS = """Parameters
    ----------
    hidden : sequence of int or int, default=(256, 128)
        Widths of the hidden layers; () for none.
    activation : str or sequence of str, default="relu"
        Of the hidden layers, or one for each.
    output_activation, loss : str, optional
        {output}
    optimizer : str, default="adam"
        Or sgd, nesterov, rmsprop, adamw, lars, lamb.
    lr : float, optional
        Learning rate; by default 0.001 for adam, 0.1 for sgd.
    schedule : str, default="linear"
        Of the learning rate, over all epochs: falls to 0. Or constant, cosine,
        step, exponential, one-cycle, plateau.
    epochs : int, default=100
    batch : int, default=64
        Rows of an update, over all ranks.
    scaling : str, default="auto"
        Of the features, fitted on the training rows: standard, minmax, max,
        common (one factor for all) or none. auto: standard for numbers; common
        for uint8 and sparse rows, whose zeros stay zero.
    dropout : float or sequence of float, default=0.0
    l2, weight_decay : float, optional
        Penalty, and decoupled decay, of the weights.
    momentum, clip_norm, label_smoothing, warmup, init : optional
        See the options of mlp_train.
    validation : float, default=0.0
        Fraction of the rows to hold out: the last ones. See also ``eval_set``
        of `fit`.
    patience : int, default=0
        Early stopping: epochs without improvement, on the validation rows if
        there are any; the best epoch's weights are kept. 0: off.
    monitor : str, default="loss"
        What patience goes by.
    shards : int, default=0
        Parts of the training set; the weights depend on it. 0: the smaller of 8
        and the batch.
    threads : int, optional
        0: all cores. By default OMP_NUM_THREADS, if set, else 0. The weights
        don't depend on it.
    random_state : int, RandomState instance or None, default=1
        An int is the option seed of mlp_train.{more}
    options : dict, optional
        Further options of mlp_train, by name.

    Attributes
    ----------
    network_ : Network
        The trained network, for `Network.save` and fast predictions.
    history_ : pandas.DataFrame
        A row for each epoch.
    n_iter_ : int
        Epochs trained.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        If X had names of columns."""


# What scikit-learn accepts as rows.
_ROWS = {"accept_sparse": "csr", "dtype": (np.float64, np.float32, np.uint8)}


def _weights(sample_weight, X):
    """Return weights of the rows as the library reads them, or None."""
    if sample_weight is None:
        return None
    with np.errstate(over="ignore"):
        weights = _check_sample_weight(
            sample_weight, X, dtype=np.float64,
            ensure_non_negative=True).astype(np.float32)
    if not np.isfinite(weights).all():
        raise ValueError("sample_weight contains a value too large for "
                         "dtype('float32').")
    return weights


class _MLP(BaseEstimator):
    """What both estimators share."""

    def __init__(self, hidden=(256, 128), activation="relu", *,
                 output_activation=None, loss=None, optimizer="adam", lr=None,
                 schedule="linear", epochs=100, batch=64, scaling="auto",
                 dropout=0.0, l2=None, weight_decay=None, momentum=None,
                 clip_norm=None, label_smoothing=None, warmup=None, init=None,
                 validation=0.0, patience=0, monitor="loss", shards=0,
                 threads=None, random_state=1, options=None):
        self.hidden = hidden
        self.activation = activation
        self.output_activation = output_activation
        self.loss = loss
        self.optimizer = optimizer
        self.lr = lr
        self.schedule = schedule
        self.epochs = epochs
        self.batch = batch
        self.scaling = scaling
        self.dropout = dropout
        self.l2 = l2
        self.weight_decay = weight_decay
        self.momentum = momentum
        self.clip_norm = clip_norm
        self.label_smoothing = label_smoothing
        self.warmup = warmup
        self.init = init
        self.validation = validation
        self.patience = patience
        self.monitor = monitor
        self.shards = shards
        self.threads = threads
        self.random_state = random_state
        self.options = options

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @property
    def n_iter_(self) -> int:
        """Epochs trained."""
        return self.network_.epochs

    @property
    def history_(self):
        """A pandas.DataFrame with a row for each epoch."""
        return self.network_.history

    # What the task defines.

    def _begin(self, y):
        """Take from all y of a first training what later ones must agree with."""

    def _samples(self, X, y, weights) -> Samples:
        """Rows of X, checked y and weights for the library."""
        raise NotImplementedError

    def _task_options(self) -> dict[str, str]:
        """Options that depend on the task."""
        return {}

    # ---- checks ----------------------------------------------------------

    def _check(self, X):
        """Rows to predict for, checked and converted by scikit-learn."""
        return validate_data(self, X, reset=False, **_ROWS)

    def _check_pair(self, X, y, reset=False):
        """Rows and y to train on, or to evaluate on, likewise."""
        return validate_data(self, X, y, reset=reset, **_ROWS,
                             y_numeric=isinstance(self, RegressorMixin))

    def _options(self, X) -> dict[str, str]:
        is_sparse = scipy.sparse.issparse(X) or X.dtype == np.uint8
        return (options_of(self, "common" if is_sparse else "standard")
                | self._task_options())

    # ---- training --------------------------------------------------------

    def _join(self, X, y, weights, eval_set, options):
        """Append evaluation rows; an option holds them out, as the last part.

        They weigh 1 each.
        """
        if isinstance(eval_set, list) and len(eval_set) == 1:
            eval_set = eval_set[0]
        held_X, held_y = self._check_pair(*eval_set)
        if self.validation:
            raise ValueError("eval_set and validation exclude each other")
        rows, held = X.shape[0], held_X.shape[0]
        options["validation"] = repr((held + 0.5) / (rows + held))
        stack = scipy.sparse.vstack if scipy.sparse.issparse(X) else np.vstack
        if weights is not None:
            weights = np.concatenate([weights, np.ones(held, np.float32)])
        return (as_rows(stack([X, held_X])),
                np.concatenate([np.asarray(y), np.asarray(held_y)]), weights)

    def _train(self, X, y, weights, options, start=None):
        self.network_, interrupt = train(
            options, self._samples(X, y, weights), start)
        if interrupt is not None:
            raise interrupt
        return self

    def fit(self, X, y, sample_weight=None, *, eval_set=None):
        """Train from initial weights.

        Parameters
        ----------
        X : array, data frame or SciPy sparse matrix of shape (n, features)
            C-contiguous float32 and uint8 arrays are read where they are.
        y : array of shape (n,)
            Classes, which are numbers or texts; or numbers to predict.
        sample_weight : array of shape (n,), optional
            By which the rows count, from 0 on, in the loss and in
            ``history_``; 0: not at all.
        eval_set : tuple (X, y), optional
            Validation rows: evaluated after each epoch, for ``history_`` and
            ``patience``.

        Returns
        -------
        self

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C, within a batch; ``network_`` is then that of the last
            complete epoch.
        """
        X, y = self._check_pair(X, y, reset=True)
        weights = _weights(sample_weight, X)
        self._begin(y)
        options = self._options(X)
        if eval_set is not None:
            X, y, weights = self._join(X, y, weights, eval_set, options)
        return self._train(X, y, weights, options)

    def _partial_fit(self, X, y, sample_weight):
        weights = _weights(sample_weight, X)
        start = getattr(self, "network_", None)
        options = for_partial_fit(self._options(X))
        if start is not None:  # which has it already
            del options["scaling"]
        return self._train(X, y, weights, options, start)


class MLPClassifier(ClassifierMixin, _MLP):
    __doc__ = f"""A multilayer perceptron that predicts classes.

    {_PARAMETERS.format(output='''By default softmax and cross-entropy. Or
        sigmoid with mse or binary-cross-entropy.''', more='''
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes in the loss.''')}
    classes_ : ndarray of shape (n_classes,)
    """

    def __init__(self, hidden=(256, 128), activation="relu", *,
                 output_activation=None, loss=None, optimizer="adam", lr=None,
                 schedule="linear", epochs=100, batch=64, scaling="auto",
                 dropout=0.0, l2=None, weight_decay=None, momentum=None,
                 clip_norm=None, label_smoothing=None, warmup=None, init=None,
                 validation=0.0, patience=0, monitor="loss", shards=0,
                 threads=None, random_state=1, class_weight=None,
                 options=None):
        super().__init__(
            hidden, activation, output_activation=output_activation,
            loss=loss, optimizer=optimizer, lr=lr, schedule=schedule,
            epochs=epochs, batch=batch, scaling=scaling, dropout=dropout,
            l2=l2, weight_decay=weight_decay, momentum=momentum,
            clip_norm=clip_norm, label_smoothing=label_smoothing,
            warmup=warmup, init=init, validation=validation,
            patience=patience, monitor=monitor, shards=shards,
            threads=threads, random_state=random_state, options=options)
        self.class_weight = class_weight

    def _begin(self, y):
        check_classification_targets(y)
        self._set_classes(np.unique(y))

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train one epoch on these rows, at a constant learning rate.

        The scaling of the features is that of the first call's rows.

        Parameters
        ----------
        X, y, sample_weight : as in `fit`
        classes : array of shape (n_classes,)
            All classes; required in the first call.

        Returns
        -------
        self
        """
        is_first = not hasattr(self, "network_")
        if is_first and classes is None:
            raise ValueError("classes is required in the first call of "
                             "partial_fit")
        X, y = self._check_pair(X, y, reset=is_first)
        if isinstance(self.class_weight, str):
            raise ValueError("class_weight='balanced' needs all rows, which "
                             "partial_fit never sees: give a dict")
        if is_first:
            self._set_classes(np.unique(classes))
        elif classes is not None and not np.array_equal(np.unique(classes),
                                                        self.classes_):
            raise ValueError("classes are not those of the first call")
        return self._partial_fit(X, y, sample_weight)

    def predict_proba(self, X):
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : array, data frame or SciPy sparse matrix of shape (n, features)

        Returns
        -------
        ndarray of shape (n, n_classes), float64; rows sum to 1
        """
        check_is_fitted(self, "network_")
        return self._classes.columns(
            self.network_.predict_proba(self._check(X)))

    def predict(self, X):
        """Return the most probable class of each row.

        Parameters
        ----------
        X : array, data frame or SciPy sparse matrix of shape (n, features)

        Returns
        -------
        ndarray of shape (n,), of the type of ``classes_``
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def _set_classes(self, labels):
        if len(labels) < 2:
            raise ValueError("a classifier needs at least 2 classes, found "
                             f"one class: {labels.tolist()}")
        self.classes_ = labels
        self._classes = Classes(labels)

    def _samples(self, X, y, weights):
        return Samples(as_rows(X), labels=self._classes.encode(y),
                       names=self._classes.names, classes=len(self._classes),
                       weights=weights)

    def _task_options(self):
        if self.class_weight is None:
            return {}
        if self.class_weight == "balanced":
            return {"class-weights": "balanced"}
        labels = self.classes_.tolist()
        unknown = set(self.class_weight) - set(labels)
        if unknown and not set(labels) <= set(self.class_weight):
            raise ValueError(f"class_weight: no such classes: {unknown}")
        weights = [float(self.class_weight.get(label, 1.0))
                   for label in labels]
        return {"class-weights": ",".join(
            repr(weights[k]) for k in self._classes.order)}


class MLPRegressor(RegressorMixin, _MLP):
    __doc__ = f"""A multilayer perceptron that predicts a number.

    The targets are scaled to mean 0 and standard deviation 1 for training.

    {_PARAMETERS.format(output='''By default identity and mse. Or mae, or
        huber; for numbers that are not negative softplus with these, or exp
        with poisson, which is its default.''', more='')}
    """

    def partial_fit(self, X, y, sample_weight=None):
        """Train one epoch on these rows, at a constant learning rate.

        The scalings of features and targets are those of the first call's rows.

        Parameters
        ----------
        X, y, sample_weight : as in `fit`

        Returns
        -------
        self
        """
        is_first = not hasattr(self, "network_")
        return self._partial_fit(*self._check_pair(X, y, reset=is_first),
                                 sample_weight)

    def predict(self, X):
        """Return the predicted numbers.

        Parameters
        ----------
        X : array, data frame or SciPy sparse matrix of shape (n, features)

        Returns
        -------
        ndarray of shape (n,), float64
        """
        check_is_fitted(self, "network_")
        return self.network_.predict(self._check(X))

    def _samples(self, X, y, weights):
        targets = np.asarray(column_or_1d(y), np.float32)
        if not np.isfinite(targets).all():
            raise ValueError("y contains a value too large for float32")
        return Samples(as_rows(X), targets=targets, weights=weights)
