//! The family against plain loops, at every level, alone and shared.
