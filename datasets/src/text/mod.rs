pub mod token_batch;
