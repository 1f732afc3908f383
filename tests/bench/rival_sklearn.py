"""scikit-learn's MLPClassifier: python3 rival_sklearn.py MNIST THREADS

Of partial_fit a call is an epoch over what it is given, in batches.
"""
import sys

import numpy
import sklearn
from sklearn.neural_network import MLPClassifier

import rival_common as common


def main():
    pixels, labels = common.training_set(sys.argv[1])
    classes = numpy.unique(labels)
    net = MLPClassifier(tuple(common.WIDTHS[1:-1]), activation="relu",
                        solver="sgd", alpha=0.0, batch_size=common.BATCH,
                        learning_rate_init=common.LEARNING_RATE,
                        momentum=common.MOMENTUM, nesterovs_momentum=False,
                        shuffle=True, random_state=1)

    def train_epoch():
        net.partial_fit(pixels, labels, classes=classes)
        return float(net.loss_)

    common.serve(train_epoch, version=sklearn.__version__)


main()
