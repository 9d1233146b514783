//! The whole control and media plane in virtual time: production machines, simulated sites, one seed a run.
//!
//! `SEED=17 cargo nextest run --workspace -E 'binary(sim)' --no-capture -- one_seed` runs one seed again and tells what happens in it.

mod found;
mod plan;
mod quality_matrix;
mod quality_rates;
mod quality_scenes;
mod seeds;
mod stories;
