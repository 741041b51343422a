import { describe } from "vitest";
import { authenticationContract } from "./authentication.contract.ts";

describe("on node", () => authenticationContract("node"));
