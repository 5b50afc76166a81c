import type {BrowserContext, Page} from 'playwright-core';

/** Types the token into the login page and waits for the list of files. */
export async function logIn(context: BrowserContext, origin: string, token: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(origin);
  await page.fill('#password_input', token);
  await page.click('#login_submit');
  await page.waitForURL(`${origin}/tree**`);
  return page;
}

/** A terminal opened with New -> Terminal. */
export interface Terminal extends AsyncDisposable {
  /** Types the command, and waits until the terminal shows a line that is just `line`. */
  run(command: string, line: string): Promise<void>;
}

/** Opens a terminal from the list of files, as a person does. */
export async function openTerminal(tree: Page): Promise<Terminal> {
  await tree.click('#new-dropdown-button');
  const [page] = await Promise.all([tree.context().waitForEvent('page'), tree.click('#new-terminal a')]);
  const shown = () => page.evaluate<string>('terminal.term.selectAll(), terminal.term.getSelection()');
  page.setDefaultTimeout(30_000);
  const waitFor = async (pattern: RegExp, what: string) => {
    const condition = `window.terminal && terminal.term && (terminal.term.selectAll(), ${pattern}.test(terminal.term.getSelection()))`;
    await page.waitForFunction(condition).catch(async (cause) => {
      throw new Error(`${what} did not appear in the terminal; it shows:\n${await shown().catch(() => 'nothing')}`, {cause});
    });
  };
  const prompt = /\$ *\s*$/;
  await waitFor(prompt, 'a prompt');
  return {
    async run(command, line) {
      await page.keyboard.type(`clear; ${command}\n`);
      await waitFor(new RegExp(`^${line}\\s*$`, 'm'), `"${line}"`);
      await waitFor(prompt, 'the prompt again');
    },
    async [Symbol.asyncDispose]() {
      // Ends the shell, so that no terminal is left behind in the notebook server.
      await page.keyboard.type('exit\n');
      await page.waitForFunction('terminal.term.selectAll(), /CLOSED/.test(terminal.term.getSelection())');
      await page.close();
    },
  };
}

/** Cell -> Run All in a notebook, until the kernel has nothing more to do. @returns the output of each code cell */
export async function runAll(context: BrowserContext, url: string): Promise<string[]> {
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForSelector('#kernel_indicator_icon.kernel_idle_icon');
  await page.click('#celllink');
  await page.click('#run_all_cells a');
  // A number in every prompt: each cell is done ("In [*]" while it waits or runs).
  await page.waitForFunction(
    `[...document.querySelectorAll('.code_cell')].every((cell) => /In\\s\\[\\d+\\]/.test(cell.querySelector('.input_prompt').textContent))`,
    undefined,
    {timeout: 180_000},
  );
  await page.waitForSelector('#kernel_indicator_icon.kernel_idle_icon');
  const outputs = await page.locator('.code_cell .output_wrapper').allInnerTexts();
  // Otherwise a dialog about unsaved changes keeps the page open.
  await page.evaluate('Jupyter.notebook.session.delete()');
  await page.close({runBeforeUnload: false});
  return outputs;
}
