-- What a version consists of, for the views below: JSON `{"steps", "transitions", "workbook"}`, from its source. Null:
-- not told yet; a server tells it when it starts.
ALTER TABLE playbooks ADD COLUMN definition TEXT;
