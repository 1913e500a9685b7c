"""Seeds of what a peer trains."""

import random


def seed(number):
    """Initial weights and dropout by a seed, of which Keras draws them by Python's own numbers.

    TensorFlow's seed stays unset, so not `keras.utils.set_random_seed`: with it, `fit` shuffles the rows into one and the
    same order in every epoch, since the operation that does starts anew with each. That is less than people get who set
    no seed. Which order an epoch has is not by this seed.
    """
    random.seed(number)
