"""Every function again in a line or two of plain NumPy: the definition, the tests' oracle and the benchmarks' baseline.

The names are those of the package. An activation's derivative is ``<name>_derivative``. A loss here gives the values
of single elements or rows, ``<name>_gradient`` and ``<name>_hessian`` their derivatives; an update of an optimizer
returns the new parameter and state, which begins as ``initial_state`` says. The formulas are written to be read, and
are right where floating-point numbers do not overflow or cancel.
"""

from fastnn.reference.activations import *
from fastnn.reference.layers import *
from fastnn.reference.losses.binary import *
from fastnn.reference.losses.contrastive import *
from fastnn.reference.losses.distances import *
from fastnn.reference.losses.likelihoods import *
from fastnn.reference.losses.linear import *
from fastnn.reference.losses.margins import *
from fastnn.reference.losses.multiclass import *
from fastnn.reference.losses.overlap import *
from fastnn.reference.losses.pairs import *
from fastnn.reference.losses.preferences import *
from fastnn.reference.losses.ranking import *
from fastnn.reference.losses.regression import *
from fastnn.reference.losses.sequences import *
from fastnn.reference.optimizers import initial_state as initial_state
from fastnn.reference.optimizers.adam import *
from fastnn.reference.optimizers.adaptive import *
from fastnn.reference.optimizers.first_order import *
from fastnn.reference.optimizers.layerwise import *
from fastnn.reference.optimizers.matrices import *
from fastnn.reference.optimizers.parameter_free import *
from fastnn.reference.optimizers.schedule_free import *
from fastnn.reference.optimizers.second_order import *
from fastnn.reference.rows import *
