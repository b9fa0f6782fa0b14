// What a page can't do through its circuit: cookies, the login, files to save, the clipboard.
window.dtu = {
  offset: () => -new Date().getTimezoneOffset(),

  remember: (name, value) => {
    document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=strict`;
  },

  logOut: async () => {
    await fetch('/logout', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' });
    location.assign('/');
  },

  // Over plain HTTP from another machine a browser has no clipboard to write to; what is selected can be copied still.
  copy: text => navigator.clipboard ? navigator.clipboard.writeText(text).then(() => true, () => dtu.copySelected(text)) : dtu.copySelected(text),

  copySelected: text => {
    const area = document.createElement('textarea');
    area.value = text;
    area.style.cssText = 'position:fixed;left:-999px';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  },

  save: (name, type, text) => {
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link = document.createElement('a');
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  },

  // A list that follows its end does so until its reader scrolls away from it.
  follow: element => {
    if (element) element.scrollTop = element.scrollHeight;
  },

  // The same without asking each time: whatever is added, the end stays in sight until its reader scrolls away; .away tells that.
  tail: element => {
    if (!element) return;
    let away = false;
    const end = () => {
      if (!away) element.scrollTop = element.scrollHeight;
    };
    element.addEventListener('scroll', () => {
      if (element.clientHeight === 0) return;
      away = element.scrollHeight - element.scrollTop - element.clientHeight > 60;
      element.classList.toggle('away', away);
    });
    new MutationObserver(end).observe(element, { childList: true, subtree: true, attributes: true, attributeFilter: ['style'] });
    new ResizeObserver(end).observe(element);
    end();
  },
};

const login = document.getElementById('login');
if (login) {
  login.addEventListener('submit', async submitted => {
    submitted.preventDefault();
    const refused = document.getElementById('login-refused');
    refused.hidden = true;
    const answer = await fetch('/login', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ key: login.elements.key.value }),
    });
    if (answer.ok) location.reload();
    else refused.hidden = false;
  });
}
