"""How fast a model runs on a chip: operators, steps, serving, training, memory, power; fits and errors."""
