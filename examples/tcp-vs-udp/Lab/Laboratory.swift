// Placeholder of the module.
internal import CLab
