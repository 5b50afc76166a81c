import {ensureLab, hw5, LAB} from './lab.js';

/** Around all tests of the lab: made once; removed at the end unless HW5_KEEP_LAB is set. */
export default async function setup(): Promise<() => Promise<void>> {
  await ensureLab();
  return async () => {
    if (!process.env['HW5_KEEP_LAB']) await hw5(['lab', 'down', '--name', LAB.name]);
  };
}
