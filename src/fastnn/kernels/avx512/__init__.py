"""The kernels built for x86-64 with AVX-512 (F, BW, CD, DQ and VL); the build puts its modules here."""
