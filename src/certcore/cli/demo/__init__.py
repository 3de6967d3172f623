"""What ``certcore demo`` shows: a made-up world, and a file of awards with the troubles that real ones have."""
