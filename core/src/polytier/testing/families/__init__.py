"""What the specification of each family of core claims about its kernels, one module per family."""
