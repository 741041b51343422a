import { describe } from "vitest";
import { authenticationContract } from "./authentication.contract.ts";

// Each engine has a file of its own, since files run at the same time.
describe("on uws", () => authenticationContract("uws"));
