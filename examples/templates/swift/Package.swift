// swift-tools-version: 6.3
// The handler greeter as a library that Portico loads. `make` says where Portico's kit is.

import PackageDescription

let kit = Context.environment["PORTICO_KIT"] ?? "/usr/local/share/portico/swift"

let package = Package(
  name: "greeter",
  products: [.library(name: "greeter", type: .dynamic, targets: ["greeter"])],
  dependencies: [.package(name: "portico-kit", path: kit)],
  targets: [
    .target(
      name: "greeter",
      dependencies: [.product(name: "PorticoHandler", package: "portico-kit")],
      // Nobody changes at run time which functions of other libraries are called.
      linkerSettings: [
        .unsafeFlags(["-Xlinker", "-z", "-Xlinker", "relro", "-Xlinker", "-z", "-Xlinker", "now"])
      ]),
    .testTarget(
      name: "greeterTests",
      dependencies: [
        "greeter", .product(name: "PorticoHandler", package: "portico-kit"),
        .product(name: "PorticoHandlerTesting", package: "portico-kit"),
      ]),
  ]
)
