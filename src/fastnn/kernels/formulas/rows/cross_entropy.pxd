"""Cross-entropies of rows: of probabilities, and of logits with rows or labels for targets."""

from libc.math cimport INFINITY, NAN, exp, expm1, log1p, pow, sqrt

from fastnn.kernels.evaluation cimport MEAN_WEIGHT, SMOOTHING, Z_LOSS, Task
from fastnn.kernels.formulas.basics cimport or_nan
from fastnn.kernels.formulas.elementary cimport (
    at_least, at_most, exp_with_headroom, log1p_of, log_probability, mul_add, real, smallest_normal, without_headroom,
)
from fastnn.kernels.formulas.rows.labels cimport index_of_other, max_or_nan, sum_of_others
from fastnn.kernels.loops.reductions cimport (
    EXPONENTIALS, LANES, NOTHING, STRETCH, add_row, fill, fold_sum, last_block, stretches, sum_row,
)
from fastnn.kernels.loops.tiles cimport TILE, exp_rows, max_rows, place, scale_rows

cdef enum Form:
    # What a loss of labels makes of l = -log p, p being the probability of the label.
    PLAIN        # l
    FOCAL        # (1 - p)^a l
    POLY         # l + a (1 - p)
    GENERALIZED  # (1 - p^a) / a


cdef inline void categorical_cross_entropy_rows(
    Task task, const real *p, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """-sum of t log(p), with the smallest normal number in place of a smaller p, in the gradient -t / p as well.

    The second derivative is t / p^2.
    """
    cdef real terms[STRETCH]
    cdef real tiny = smallest_normal(scale[0]), factor = scale[0] if rows == 1 else <real>1, inside
    cdef Py_ssize_t n = rows * task.classes, stretch, start, count, r, k
    for r in range(rows):
        v[r] = 0
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, n - start)
        if task.value:
            for k in range(count):
                terms[k] = <real>0 - t[start + k] * log_probability(p[start + k])
            if rows == 1:
                v[0] += sum_row(terms, count)
            else:
                for r in range(rows):
                    v[r] = sum_row(terms + r * task.classes, task.classes)
        if hessian is not NULL:  # before the gradient, which may overwrite the prediction
            for k in range(start, start + count):
                inside = at_least(p[k], tiny)
                hessian[k] = factor * (t[k] / inside / inside)
        if gradient is not NULL:
            for k in range(start, start + count):
                gradient[k] = factor * (<real>0 - t[k] / at_least(p[k], tiny))
    for r in range(rows if rows > 1 else 0):
        if gradient is not NULL:
            for k in range(r * task.classes, (r + 1) * task.classes):
                gradient[k] *= scale[r]
        if hessian is not NULL:
            for k in range(r * task.classes, (r + 1) * task.classes):
                hessian[k] *= scale[r]


cdef inline void bend_rows(
    const real *e, real *hessian, Py_ssize_t rows, Py_ssize_t n, const double *rest, const double *slope,
    const double *curve, const real *scale,
) noexcept nogil:
    """q (slope (1 - q) + curve q), q = e / (1 + rest). Where e is 1, 1 - q is rest / (1 + rest), which does not cancel."""
    cdef Py_ssize_t r, k
    cdef real inverse, certain, first, second, q
    for r in range(rows):
        inverse = <real>(1 / (1 + rest[r]))
        certain = <real>(rest[r] / (1 + rest[r]))
        first = scale[r] * <real>slope[r]
        second = scale[r] * <real>curve[r]
        for k in range(r * n, r * n + n):
            q = e[k] * inverse
            hessian[k] = q * mul_add(first, certain if e[k] == 1 else <real>1 - q, second * q)


cdef inline void add_z_loss(
    Task task, Py_ssize_t rows, const real *largest, const double *rest, double *weight, double *curve, double *more,
    double *v,
) noexcept nogil:
    """Add z w s^2 to the values, s being a row's log_sum and w, the ``weight``, the sum of its targets.

    Of its derivative 2 z w s softmax, 2 z w s is ``more``, which is added to the weight, and 2 z w is the ``curve``.
    """
    cdef double z = task.constants[Z_LOSS], log_sum
    cdef Py_ssize_t r
    for r in range(rows):
        curve[r] = more[r] = 0
    for r in range(rows if z != 0 else 0):
        log_sum = largest[r] + log1p_of(rest[r])
        curve[r] = 2 * z * weight[r]
        more[r] = curve[r] * log_sum
        weight[r] += more[r]
        v[r] += 0.5 * more[r] * log_sum


cdef inline void soften(Task task, const real *t, Py_ssize_t first, Py_ssize_t count, real *targets) noexcept nogil:
    """A stretch of a row's targets: those given, smoothed, times the weights of the classes."""
    cdef const real *of_classes = <const real *>task.of_classes
    cdef double smoothing = task.constants[SMOOTHING]
    cdef real less = <real>(1 - smoothing), share = <real>(smoothing / task.classes)
    cdef Py_ssize_t k
    if smoothing != 0:
        for k in range(count):
            targets[k] = t[first + k] * less + share
    else:
        for k in range(count):
            targets[k] = t[first + k]
    if of_classes is not NULL:
        for k in range(count):
            targets[k] *= of_classes[first + k]


cdef inline void cross_entropy_of_targets(
    bint soft, Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian,
    const real *scale, Py_ssize_t rows, double *v,
) noexcept nogil:
    """sum of t (log_sum - z), with log_sum = max + log1p(rest); the gradient is (sum of t) softmax(z) - t.

    A zero target leaves its logit out, even where that is -infinity. For the largest logit, whose e^(z - max) is 1,
    softmax is written 1 - rest / (1 + rest) where that is more than 1/2, so that a nearly perfect prediction keeps the
    digits of its gradient. The second derivative is (sum of t) softmax(z) (1 - softmax(z)). ``soft`` targets are made
    of those given, a stretch at a time. With a z-loss, ``add_z_loss`` adds to what softmax counts.
    """
    cdef real *e = gradient if gradient is not NULL else hessian
    cdef real room[TILE]
    cdef real largest[STRETCH]
    cdef double rest[STRETCH]
    cdef double weight[STRETCH]
    cdef double curve[STRETCH]
    cdef double more[STRETCH]
    cdef double lane[LANES]
    cdef real terms[STRETCH]
    cdef real softened[LANES + TILE]  # with as many before as ``add_row`` wants
    cdef real *targets = softened + LANES
    cdef const real *u
    cdef Py_ssize_t n = task.classes, of_largest = 0, stretch, first, count, r, k
    cdef real m, distance, certain, ordinary, inverse, total, lost, at_largest
    cdef const real *x
    cdef real *out
    max_rows(z, room, rows, n, largest, &of_largest)
    for r in range(rows):
        v[r] = 0
        if not soft:
            weight[r] = sum_row(t + r * n, n)
        fill(lane, <double>0)
        for stretch in range(stretches(n)):
            first = stretch * STRETCH
            count = min(<Py_ssize_t>STRETCH, n - first)
            if soft:
                u = targets + r * n  # of several rows, all of which fit in
                soften(task, t + r * n, first, count, targets + r * n)
                if n < LANES:
                    weight[r] = sum_row(u, n)
                else:
                    add_row(lane, u, count)
            else:
                u = t + r * n + first
            if task.value:
                x = z + r * n + first
                m = largest[r]
                for k in range(count):  # in step
                    distance = u[k] * (m - x[k])
                    terms[k] = <real>0 if u[k] == 0 else distance
                v[r] += sum_row(terms, count)
        if soft and n >= LANES:
            weight[r] = fold_sum(lane)
    exp_rows(z, room, e, EXPONENTIALS if e is not NULL else NOTHING, False, True, of_largest, rows, n, largest, rest)
    for r in range(rows):
        v[r] += weight[r] * log1p_of(rest[r])
    add_z_loss(task, rows, largest, rest, weight, curve, more, v)
    if hessian is not NULL:
        bend_rows(e, hessian, rows, n, rest, weight, curve, scale)
    if gradient is not NULL:
        for r in range(rows):
            inverse = <real>(1 / (1 + rest[r]))
            total = <real>weight[r]
            lost = <real>(weight[r] - total)
            certain = total * (<real>rest[r] * inverse)
            at_largest = <real>1 if rest[r] < 1 else <real>NAN
            for stretch in range(stretches(n)):
                first = stretch * STRETCH
                count = min(<Py_ssize_t>STRETCH, n - first)
                if soft:
                    u = targets + r * n
                    if n > STRETCH:
                        soften(task, t, first, count, targets)
                else:
                    u = t + r * n + first
                out = gradient + r * n + first
                for k in range(count):
                    ordinary = mul_add(total, out[k] * inverse, -u[k])
                    out[k] = scale[r] * (((total - u[k]) + lost) - certain if out[k] == at_largest else ordinary)


cdef inline void dense_cross_entropy(
    Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    cross_entropy_of_targets(False, task, z, t, labels, gradient, hessian, scale, rows, v)


cdef inline void soft_cross_entropy(
    Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    cross_entropy_of_targets(True, task, z, t, labels, gradient, hessian, scale, rows, v)


cdef inline void add_even_block(
    bint weighted, real *lane, const real *z, const real *weights, real largest, real share
) noexcept nogil:
    cdef int k
    cdef real u, distance
    for k in range(LANES):
        if weighted:
            u = share * weights[k]
            distance = u * (largest - z[k])
            lane[k] += <real>0 if u == 0 else distance
        else:
            lane[k] = mul_add(share, largest - z[k], lane[k])


cdef inline double even_part(bint weighted, Task task, const real *z, real largest, real share) noexcept nogil:
    """The sum of u (largest - z), u being what smoothing gives a class; where that is 0, z is left out.

    A stretch is summed in its own type, the stretches in double.
    """
    cdef const real *weights = <const real *>task.of_classes
    cdef real lane[LANES]
    cdef real block[LANES]
    cdef real of_block[LANES]
    cdef real u, distance
    cdef Py_ssize_t n = task.classes, stretch, start, i, k
    cdef double total = 0
    if n < LANES:
        for k in range(n):
            u = share * weights[k] if weighted else share
            distance = u * (largest - z[k])
            total += <real>0 if u == 0 else distance
        return total
    if share == 0:
        return 0
    for stretch in range(stretches(n)):
        fill(lane, <real>0)
        for i in range(min(<Py_ssize_t>STRETCH, n - stretch * STRETCH) // LANES):
            start = stretch * STRETCH + i * LANES
            add_even_block(weighted, lane, z + start, weights + start if weighted else NULL, largest, share)
        total += fold_sum(lane)
    if n % LANES > 0:
        fill(lane, <real>0)
        last_block(z + n, n % LANES, block, largest)
        if weighted:
            last_block(weights + n, n % LANES, of_block, <real>0)
        add_even_block(weighted, lane, block, of_block, largest, share)
        total += fold_sum(lane)
    return total


cdef inline void cross_entropy_of_smoothed(
    bint weighted, Task task, const real *z, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """The same for labels that are smoothed: of n classes the target is s / n, for the label 1 - s more, times weights.

    With the label's weight w and the mean m of all weights, the sum of the targets is (1 - s) w + s m, and without the
    label's s (m - w / n), neither of which cancels but for w = n m.
    """
    cdef const real *of_classes = <const real *>task.of_classes
    cdef real *e = gradient if gradient is not NULL else hessian
    cdef real room[TILE]
    cdef real largest[STRETCH]
    cdef double rest[STRETCH]
    cdef double weight[STRETCH]
    cdef double curve[STRETCH]
    cdef double more[STRETCH]
    cdef double at_label[STRETCH]
    cdef double elsewhere[STRETCH]
    cdef bint is_largest[STRETCH]
    cdef Py_ssize_t n = task.classes, of_largest = 0, r, k, label
    cdef double smoothing = task.constants[SMOOTHING], mean = task.constants[MEAN_WEIGHT], own, lead, distance, slope
    cdef real share = <real>(smoothing / n), factor, u
    max_rows(z, room, rows, n, largest, &of_largest)
    for r in range(rows):
        label = max(labels[r], <Py_ssize_t>0)
        own = of_classes[label] if weighted else <real>1
        lead = (1 - smoothing) * own
        weight[r] = lead + smoothing * mean
        at_label[r] = lead + smoothing / n * own
        elsewhere[r] = smoothing * (mean - own / n)
        distance = <double>largest[r] - <double>z[r * n + label]
        is_largest[r] = distance == 0
        v[r] = lead * distance if lead != 0 else <double>0
        if task.value:
            v[r] += even_part(weighted, task, z + r * n, largest[r], share)
    exp_rows(z, room, e, EXPONENTIALS if e is not NULL else NOTHING, False, True, of_largest, rows, n, largest, rest)
    for r in range(rows):
        v[r] += weight[r] * log1p_of(rest[r])
    add_z_loss(task, rows, largest, rest, weight, curve, more, v)
    if hessian is not NULL:
        bend_rows(e, hessian, rows, n, rest, weight, curve, scale)
    if gradient is not NULL:
        for r in range(rows):
            label = r * n + max(labels[r], <Py_ssize_t>0)
            slope = weight[r] / (1 + rest[r])
            factor = <real>slope
            slope = elsewhere[r] + more[r] - slope * rest[r] if is_largest[r] else slope * gradient[label] - at_label[r]
            for k in range(n):
                u = share * of_classes[k] if weighted else share
                gradient[r * n + k] = scale[r] * mul_add(factor, gradient[r * n + k], -u)
            gradient[label] = <real>(scale[r] * slope)


cdef inline void smoothed_cross_entropy(
    Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    cross_entropy_of_smoothed(False, task, z, labels, gradient, hessian, scale, rows, v)


cdef inline void weighted_smoothed_cross_entropy(
    Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    cross_entropy_of_smoothed(True, task, z, labels, gradient, hessian, scale, rows, v)


cdef struct Shaped:
    double value
    double slope
    double curve


cdef inline Shaped shaped(Form form, double a, double l, double p, double q) noexcept nogil:
    """A form's value and its first two derivatives with respect to l = -log p, q = 1 - p."""
    cdef Shaped result
    cdef double pl = p * l if p > 0 else p, power, less
    if form == FOCAL:
        power = pow(q, a)
        less = power / q if q > 0 else q  # all that it is part of is 0 then
        result.value = power * l
        result.slope = power + a * less * pl
        result.curve = a * less * (2 * p - pl + (a - 1) * p * (pl / q if q > 0 else <double>1))
    elif form == POLY:
        result.value = l + a * q
        result.slope = 1 + a * p
        result.curve = -a * p
    elif form == GENERALIZED:
        result.value = -expm1(-a * l) / a
        result.slope = pow(p, a) if l < 700 else exp(-a * l)  # p^a has more digits, but p underflows
        result.curve = -a * result.slope
    else:
        result.value = l
        result.slope = 1
        result.curve = 0
    return result


cdef inline void form_of_labels(
    Form form, Task task, const real *z, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    """The same for targets that are 1 at the label and 0 elsewhere, and forms of it."""
    cdef real of_tiles[TILE]
    cdef real *room = of_tiles
    cdef const real *x = z
    cdef real largest[STRETCH]
    cdef double rest[STRETCH]
    cdef double slope[STRETCH]
    cdef double curve[STRETCH]
    cdef double more[STRETCH]
    cdef double probability[STRETCH]
    cdef double other[STRETCH]
    cdef bint is_largest[STRETCH]
    cdef real *e = gradient if gradient is not NULL else hessian
    cdef real factors[STRETCH]
    cdef Py_ssize_t n = task.classes, of_largest = 0, r, k
    cdef real factor
    cdef double others
    cdef Shaped shape
    if task.in_tiles:
        room, x = <real *>z, NULL
    max_rows(x, room, rows, n, largest, &of_largest)
    for r in range(rows):
        k = place(task.in_tiles, n, r, max(labels[r], <Py_ssize_t>0))
        v[r] = <double>largest[r] - <double>z[k]
        is_largest[r] = z[k] == largest[r]
        probability[r] = exp(-v[r]) if form != PLAIN else 1
        slope[r] = 1
    exp_rows(x, room, e, EXPONENTIALS if e is not NULL else NOTHING, False, True, of_largest, rows, n, largest, rest)
    for r in range(rows):
        v[r] += log1p_of(rest[r])
    if form != PLAIN:
        for r in range(rows):
            probability[r] = probability[r] / (1 + rest[r])
            other[r] = rest[r] / (1 + rest[r]) if is_largest[r] else 1 - probability[r]
            shape = shaped(form, task.constants[0], v[r], probability[r], other[r])
            v[r], slope[r], curve[r] = shape.value, shape.slope, shape.curve
    else:
        add_z_loss(task, rows, largest, rest, slope, curve, more, v)
    if hessian is not NULL:
        bend_rows(e, hessian, rows, n, rest, slope, curve, scale)
        for r in range(rows if form != PLAIN else 0):
            hessian[r * n + max(labels[r], <Py_ssize_t>0)] = scale[r] * <real>(
                other[r] * (slope[r] * probability[r] + curve[r] * other[r]))
    if gradient is NULL:
        return
    for r in range(rows):
        factors[r] = <real>(scale[r] * slope[r] / (1 + rest[r]))
    scale_rows(gradient, task.in_tiles, rows, n, factors)
    for r in range(rows):
        k = place(task.in_tiles, n, r, max(labels[r], <Py_ssize_t>0))
        factor = <real>(scale[r] * (slope[r] if form != PLAIN else <double>1))
        others = rest[r] if form != PLAIN else rest[r] - more[r]
        gradient[k] = <real>(-factor * (others / (1 + rest[r]))) if is_largest[r] else gradient[k] - factor


cdef inline void sparse_cross_entropy(
    Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    form_of_labels(PLAIN, task, z, labels, gradient, hessian, scale, rows, v)


cdef inline void focal_cross_entropy_labels(
    Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    form_of_labels(FOCAL, task, z, labels, gradient, hessian, scale, rows, v)


cdef inline void poly_cross_entropy_labels(
    Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    form_of_labels(POLY, task, z, labels, gradient, hessian, scale, rows, v)


cdef inline void generalized_cross_entropy_labels(
    Task task, const real *z, const real *t, const Py_ssize_t *labels, real *gradient, real *hessian, const real *scale,
    Py_ssize_t rows, double *v,
) noexcept nogil:
    form_of_labels(GENERALIZED, task, z, labels, gradient, hessian, scale, rows, v)


cdef inline Shaped with_margin(double c, double along, double across, double drop, double last) noexcept nogil:
    """What takes the place of a label's cosine c, and its first two derivatives with respect to c.

    With along = cos(m) and across = sin(m) it is cos(angle + m) = c cos(m) - sin(m) sqrt(1 - c^2), unless angle + m is
    more than pi or, without a drop, the angle more than pi / 2; there, and without ``across``, it is c - drop. At 1 the
    root has no derivative: there, it is that at the last number below.
    """
    cdef Shaped result
    cdef double inside, square
    if across == 0 or not c > (-along if drop != 0 else <double>0):
        result.value = c - drop
        result.slope = 1
        result.curve = 0
        return result
    inside = at_most(c, <double>1)
    result.value = c * along - across * sqrt((1 - inside) * (1 + inside))
    inside = at_most(c, last)
    square = (1 - inside) * (1 + inside)
    result.slope = along + across * inside / sqrt(square)
    result.curve = across / (square * sqrt(square))
    return result


cdef inline void margin_cross_entropy_row(
    Task task, const real *p, Py_ssize_t label, real *gradient, real *hessian, real scale, double *v
) noexcept nogil:
    """The cross-entropy of s times the cosines p, of which that of the label has a margin.

    Exponentials are those of s (p - the largest of the others): a difference is multiplied, whose rounding counts less
    than that of a product. They keep their headroom until the last product. ``others`` is their sum without the largest,
    which is 1, and ``ahead`` the label's exponent.
    """
    cdef real terms[STRETCH]
    cdef real last = <real>0.99999994039535522 if real is float else <real>0.99999999999999989
    cdef Py_ssize_t n = task.classes, stretch, start, count, k, nearest
    cdef real *e = gradient if gradient is not NULL else hessian
    cdef double s = task.constants[0], others = 0, whole, ahead, t, inverse, own, unlike
    cdef Shaped score = with_margin(p[label], task.constants[1], task.constants[2], task.constants[3], last)
    cdef real before = max_or_nan(p, label), after = max_or_nan(p + label + 1, n - label - 1)
    cdef real largest = or_nan(at_least(before, after), after), steepness = <real>s, x, first, second, share
    cdef bint alone = largest == -INFINITY
    largest = <real>0 if alone else largest
    nearest = index_of_other(p, n, label, largest)
    for stretch in range(stretches(n)):
        start = stretch * STRETCH
        count = min(<Py_ssize_t>STRETCH, n - start)
        for k in range(count):
            x = steepness * (p[start + k] - largest)
            terms[k] = exp_with_headroom(at_most(x, <real>0))
        for k in range(count if e is not NULL else 0):
            e[start + k] = terms[k]
        if start <= nearest < start + count:
            terms[nearest - start] = 0
        others += sum_of_others(terms, count, label - start)
    others *= without_headroom(<real>1)
    whole = <double>0 if alone else 1 + others
    ahead = or_nan(INFINITY, score.value) if alone else s * (score.value - largest)
    if ahead <= 0:
        t = exp(ahead)
        v[0] = log1p(others + t) - ahead
        inverse = 1 / (whole + t)
        own = t * inverse
        unlike = whole * inverse
    else:
        t = exp(-ahead)
        v[0] = log1p(whole * t)
        own = 1 / (1 + whole * t)
        inverse = t * own
        unlike = whole * inverse
    if hessian is not NULL:
        share = <real>inverse
        second = <real>(scale * s * s * inverse)
        for k in range(n):
            hessian[k] = without_headroom(second * e[k] * (<real>1 - share * without_headroom(e[k])))
        if nearest < n:
            hessian[nearest] = <real>(second * (others * inverse + own))
        hessian[label] = <real>(scale * s * unlike * (s * own * score.slope * score.slope - score.curve))
    if gradient is not NULL:
        first = <real>(scale * s * inverse)
        for k in range(n):
            gradient[k] = without_headroom(gradient[k] * first)
        gradient[label] = <real>(-scale * s * unlike * score.slope)
