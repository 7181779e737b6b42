"""The kernels built for every processor of the platform (on x86-64: SSE4.2); the build puts its modules here."""
