"""Pure steps of a bill: frames in, frames out."""
