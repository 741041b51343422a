import { describe } from "vitest";
import { authenticationContract } from "./authentication.contract.ts";
import { keySetContract } from "./key-set.contract.ts";
import { plantedSecretsContract } from "./planted-secrets.contract.ts";

describe("on node", () => {
  describe("a webhook", () => authenticationContract("node"));
  describe("a key set", () => keySetContract("node"));
  describe("secrets", () => plantedSecretsContract("node"));
});
