setInterval(async () => {
  const answer = await fetch(location.href).catch(() => null);
  if (!answer || !answer.ok) return document.body.classList.add('away');
  document.body.classList.remove('away');
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const id of ['figures', 'documents']) document.getElementById(id).replaceWith(fresh.getElementById(id));
}, 1500);
for (const input of document.querySelectorAll('input[type=range]'))
  input.addEventListener('input', () => {
    const unit = input.name === 'slow_s' ? ' s' : ' %';
    input.nextElementSibling.value = (unit === ' %' ? Math.round(input.value * 100) : input.value) + unit;
  });
for (const input of document.querySelectorAll('form.faults input'))
  input.addEventListener('change', () => fetch('/faults', {method: 'POST', body: new URLSearchParams(new FormData(input.form))}));
