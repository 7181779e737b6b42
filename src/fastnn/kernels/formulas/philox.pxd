"""Random numbers that are a function of a counter and a key: Philox 4x32-10.

From J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
"""

from libc.stdint cimport uint32_t, uint64_t

cdef enum:
    COUNTERS = 64            # taken at once, of which each makes four numbers
    NUMBERS = 4 * COUNTERS


cdef inline void philox_round(uint32_t *c, uint32_t key, uint32_t other) noexcept nogil:
    cdef uint64_t first = <uint64_t>c[0] * <uint64_t>0xD2511F53u, second = <uint64_t>c[2] * <uint64_t>0xCD9E8D57u
    c[0] = <uint32_t>(second >> 32) ^ c[1] ^ key
    c[1] = <uint32_t>second
    c[2] = <uint32_t>(first >> 32) ^ c[3] ^ other
    c[3] = <uint32_t>first


cdef inline void two_rounds(uint32_t *c, uint32_t *key) noexcept nogil:
    philox_round(c, key[0], key[1])
    philox_round(c, key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u)
    key[0] += 0x3C6EF372u  # twice these
    key[1] += 0x76CF5D0Au


cdef inline void philox(uint64_t counter, uint64_t stream, uint64_t seed, uint32_t *numbers) noexcept nogil:
    """The numbers of some counters: the first of each, then the second of each, and so on."""
    cdef uint32_t c[4]
    cdef uint32_t key[2]
    cdef uint64_t own
    cdef int i
    for i in range(COUNTERS):
        own = counter + i
        c[0], c[1], c[2], c[3] = <uint32_t>own, <uint32_t>(own >> 32), <uint32_t>stream, <uint32_t>(stream >> 32)
        key[0], key[1] = <uint32_t>seed, <uint32_t>(seed >> 32)
        two_rounds(c, key)
        two_rounds(c, key)
        two_rounds(c, key)
        two_rounds(c, key)
        two_rounds(c, key)
        numbers[i], numbers[COUNTERS + i] = c[0], c[1]
        numbers[2 * COUNTERS + i], numbers[3 * COUNTERS + i] = c[2], c[3]
