-- Of an earlier way of writing. It never held a row, and nothing uses it.
DROP TABLE guard;
