pub(crate) fn nasty_names() -> Vec<diskprint_formats::Name> {
    vec![]
}
