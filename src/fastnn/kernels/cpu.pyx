"""What the processor can do and what compiled the kernels."""

cdef extern from *:
    """
    #if defined(__x86_64__)
    static int fastnn_has_avx2(void) {
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    }
    #else
    static int fastnn_has_avx2(void) { return 0; }
    #endif
    """
    bint fastnn_has_avx2()
    const char *COMPILER "__VERSION__"


def supports(str isa):
    """Whether this processor (and the operating system) can run the build of that name."""
    return isa == "baseline" or (isa == "avx2" and fastnn_has_avx2())


def compiler():
    """The compiler's own name for its version."""
    version = COMPILER.decode()
    return version if "lang" in version else f"GCC {version}"
