//! Nothing: what is to be looked at are the tests.
