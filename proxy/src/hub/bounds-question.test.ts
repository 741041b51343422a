import { expect, test } from "vitest";
import { BoundsQuestion } from "./bounds-question.ts";
import { type JournalBounds, JournalUnavailable } from "./ports.ts";

const start = () => {
  const questions: PromiseWithResolvers<JournalBounds>[] = [];
  const bounds = () => {
    const question = Promise.withResolvers<JournalBounds>();
    questions.push(question);
    return question.promise;
  };
  const answer = (index: number, firstSequence: number) =>
    questions[index]?.resolve({ epoch: 1, firstSequence, lastSequence: 99 });
  return { questions, answer, question: new BoundsQuestion({ bounds }) };
};

test("whoever asks while a question is under way shares the next one", async () => {
  const { questions, answer, question } = start();
  const first = question.ask();
  const [second, third] = [question.ask(), question.ask()];
  expect(questions).toHaveLength(1);
  answer(0, 5);
  expect((await first).firstSequence).toBe(5);
  await expect.poll(() => questions.length).toBe(2);
  answer(1, 6);
  expect([(await second).firstSequence, (await third).firstSequence]).toEqual([6, 6]);
  void question.ask();
  expect(questions).toHaveLength(3);
});

test("a question that fails does not keep the next one from being asked", async () => {
  const { questions, answer, question } = start();
  const [first, second] = [question.ask(), question.ask()];
  questions[0]?.reject(new JournalUnavailable("no answer"));
  await expect(first).rejects.toThrow(JournalUnavailable);
  await expect.poll(() => questions.length).toBe(2);
  answer(1, 7);
  expect((await second).firstSequence).toBe(7);
});
