// Placeholder of the target.
