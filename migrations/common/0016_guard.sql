-- A table of SQLite's alone, of an earlier way of writing. It never held a row, and nothing uses it.
DROP TABLE IF EXISTS guard;
