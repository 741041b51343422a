import { describe } from "vitest";
import { authenticationContract } from "./authentication.contract.ts";
import { keySetContract } from "./key-set.contract.ts";
import { plantedSecretsContract } from "./planted-secrets.contract.ts";

// Each engine has a file of its own, since files run at the same time.
describe("on uws", () => {
  describe("a webhook", () => authenticationContract("uws"));
  describe("a key set", () => keySetContract("uws"));
  describe("secrets", () => plantedSecretsContract("uws"));
});
