export { Desk, type Options } from "./client.js";
export { Document } from "./document.js";
export { type Answer, type Cost, DeskError, type Fault } from "./error.js";
export * from "./generated.js";
