// swift-tools-version: 6.3
// The Swift kit for authors as a package of its own, without dependencies: what `make install` puts
// into share/portico/swift, and what a handler's package depends on. The host is the package in the
// folder above; both build the same files.

import PackageDescription

let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "portico-kit",
  products: [
    .library(name: "PorticoHandler", targets: ["PorticoHandler"]),
    .library(name: "PorticoHandlerTesting", targets: ["PorticoHandlerTesting"]),
  ],
  targets: [
    .systemLibrary(name: "CPortico", path: "CPortico"),
    .target(
      name: "PorticoHandler", dependencies: ["CPortico"], path: "PorticoHandler",
      swiftSettings: strict),
    .target(
      name: "PorticoHandlerTesting", dependencies: ["PorticoHandler", "CPortico"],
      path: "PorticoHandlerTesting", swiftSettings: strict),
  ]
)
