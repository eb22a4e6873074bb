// Makes a small ceremony of one contribution with snarkjs: node new-ptau.mjs POWER OUT
import { powersOfTau } from "snarkjs";
import { getCurveFromName } from "./node_modules/snarkjs/src/curves.js";
import { rmSync } from "node:fs";

const [power, out] = process.argv.slice(2);
const curve = await getCurveFromName("bn128");
await powersOfTau.newAccumulator(curve, Number(power), `${out}.new`);
await powersOfTau.contribute(`${out}.new`, out, "test", `entropy ${process.pid} ${Date.now()}`);
rmSync(`${out}.new`);
await curve.terminate();
