use anyhow::Error;

use crate::Outcome;
use crate::args::InspectArgs;

/// .
pub fn run(args: &InspectArgs) -> Result<Outcome, Error> {
    let _ = (&args.image, &args.layer);
    Ok(Outcome::Clean)
}
