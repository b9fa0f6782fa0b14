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

  copy: text => navigator.clipboard ? navigator.clipboard.writeText(text).then(() => true, () => false) : Promise.resolve(false),

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
