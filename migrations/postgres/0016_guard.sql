-- There is no table `guard` here: it was SQLite's alone. One of that name would be somebody else's.
SELECT 1;
