"""What the processor can do and what compiled the kernels."""

cdef extern from *:
    """
    #include <string.h>

    /* GCC and clang answer yes to AVX and what came after it only where XGETBV says that the operating system saves the
       registers, too: of 32 bytes for AVX, of 64 bytes and masks for AVX-512. */
    #if defined(__x86_64__)
    #define HAS(feature) (__builtin_cpu_supports(feature) != 0)
    #define LOOK() __builtin_cpu_init()
    #else
    #define HAS(feature) 0
    #define LOOK()
    #endif

    static int fastnn_supports(const char *isa) {
        LOOK();
        const struct { const char *isa; int supported; } builds[] = {
            {"baseline", 1},
            {"avx2", HAS("avx2") && HAS("fma")},
            {"avx512", HAS("avx2") && HAS("fma") && HAS("avx512f") && HAS("avx512bw") && HAS("avx512cd")
                       && HAS("avx512dq") && HAS("avx512vl")},
        };
        for (size_t k = 0; k < sizeof builds / sizeof builds[0]; k++)
            if (strcmp(builds[k].isa, isa) == 0)
                return builds[k].supported;
        return 0;
    }
    """
    bint fastnn_supports(const char *isa)
    const char *COMPILER "__VERSION__"


def supports(str isa):
    """Whether this processor (and the operating system) can run the build of that name."""
    return fastnn_supports(isa.encode())


def compiler():
    """The compiler's own name for its version."""
    version = COMPILER.decode()
    return version if "lang" in version else f"GCC {version}"
