import { describe } from "vitest";
import { everydayStory } from "./everyday.contract.ts";
import { troubleStory } from "./trouble.contract.ts";

// In this order: what is left of trouble, such as passes of the operator that failed, is no everyday life.
describe("everyday life", everydayStory);
describe("trouble", troubleStory);
