/// Where knowledge of a place or a form comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Who says it, and under which title.
    pub title: &'static str,
    /// Address of the page.
    pub url: &'static str,
}

impl Source {
    pub(super) const fn new(title: &'static str, url: &'static str) -> Self {
        Self { title, url }
    }
}
