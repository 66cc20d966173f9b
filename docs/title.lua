-- A page's first heading is its title, so that the pages need no front matter to read well anywhere.
function Pandoc(document)
  local first = document.blocks[1]
  if first and first.t == "Header" and first.level == 1 then
    document.blocks:remove(1)
    document.meta.title = first.content
    document.meta.pagetitle = pandoc.utils.stringify(first.content)
  end
  return document
end
