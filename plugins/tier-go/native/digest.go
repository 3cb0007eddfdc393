package native

// Digest identifies the native sources; the build sets it.
var Digest = "unset"
