"""The kernels built for x86-64 with AVX2 and FMA; the build puts its modules here."""
