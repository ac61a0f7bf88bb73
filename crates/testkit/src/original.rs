//! The database of the original workflow.

/// Makes the original's schema `diskprint` in a PostgreSQL database that has none.
pub const SCHEMA: &str = include_str!("original.sql");

/// Selects what makes the shape of the original's tables, and of no other: columns, constraints,
/// indexes, triggers, and the rows of the enumerations.
pub const SHAPE: &str = "
    SET search_path TO diskprint;
    SELECT table_name, ordinal_position, column_name, column_default, is_nullable, data_type,
        character_maximum_length
    FROM information_schema.columns
    WHERE table_schema = 'diskprint' AND table_name NOT LIKE 'diskprint\\_%' ORDER BY 1, 2;
    SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'diskprint'::regnamespace
        AND conrelid::regclass::text NOT LIKE 'diskprint\\_%' ORDER BY conrelid::regclass::text, 2;
    SELECT indexdef FROM pg_indexes
    WHERE schemaname = 'diskprint' AND tablename NOT LIKE 'diskprint\\_%' ORDER BY indexname;
    SELECT tgrelid::regclass, tgname FROM pg_trigger
    JOIN pg_class ON tgrelid = pg_class.oid WHERE relnamespace = 'diskprint'::regnamespace
    ORDER BY relname, tgname;
    SELECT proname FROM pg_proc WHERE pronamespace = 'diskprint'::regnamespace ORDER BY 1;
    SELECT 'cell', * FROM cell ORDER BY 2;
    SELECT 'celltype', * FROM celltype ORDER BY 2;
    SELECT 'slicetype', * FROM slicetype ORDER BY 2;
    SELECT 'slicestate', * FROM slicestate ORDER BY 2";
